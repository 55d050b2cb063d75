module holter.test/go_gc

go 1.18
