module example.com/go_grpc_interceptor

go 1.21
