module holter.test/go_errors

go 1.18
