module holter.test/go_tcp

go 1.18
