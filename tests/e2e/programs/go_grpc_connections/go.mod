module holter.test/go_grpc_connections

go 1.18

require google.golang.org/grpc v1.64.1
