module holter.test/go_connections

go 1.18
