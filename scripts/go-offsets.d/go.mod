module holter/scripts/go-offsets.d

go 1.18
