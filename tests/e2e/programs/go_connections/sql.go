// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync"
	"time"
)

// A driver without a database: what it takes is time.
type fake struct{}

type fakeConn struct{}

type fakeRows struct{}

var errNothing = errors.New("the fake driver does not do that")

func (fake) Open(string) (driver.Conn, error) { return fakeConn{}, nil }

func (fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errNothing }
func (fakeConn) Close() error                        { return nil }
func (fakeConn) Begin() (driver.Tx, error)           { return nil, errNothing }
func (fakeConn) QueryContext(_ context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	time.Sleep(time.Millisecond)
	return fakeRows{}, nil
}

func (fakeRows) Columns() []string         { return []string{"nothing"} }
func (fakeRows) Close() error              { return nil }
func (fakeRows) Next([]driver.Value) error { return io.EOF }

func init() { sql.Register("fake", fake{}) }

var (
	db   *sql.DB
	held []*sql.Conn
)

func query(ctx context.Context) error {
	rows, err := db.QueryContext(ctx, "nothing")
	if err != nil {
		return err
	}
	return rows.Close()
}

// sql MAX_OPEN WORKERS QUERIES: so many workers that ask so often; every fifth query has no more
// than half a millisecond. Without workers, the pool is made only.
func sqlPool(n []int) (reply, error) {
	if db == nil {
		db, _ = sql.Open("fake", "")
	}
	db.SetMaxOpenConns(n[0])
	db.SetMaxIdleConns(n[0])
	var workers sync.WaitGroup
	for worker := 0; worker < n[1]; worker++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := 0; i < n[2]; i++ {
				ctx, cancel := context.WithCancel(context.Background())
				if i%5 == 4 {
					ctx, cancel = context.WithTimeout(context.Background(), 500*time.Microsecond)
				}
				query(ctx)
				cancel()
			}
		}()
	}
	workers.Wait()
	return sqlStats(nil)
}

func sqlStats([]int) (reply, error) {
	stats := db.Stats()
	return reply{"max": stats.MaxOpenConnections, "open": stats.OpenConnections, "used": stats.InUse,
		"idle": stats.Idle, "wait_count": stats.WaitCount, "wait_ns": stats.WaitDuration.Nanoseconds(),
		"max_idle_closed": stats.MaxIdleClosed, "max_idle_time_closed": stats.MaxIdleTimeClosed,
		"max_lifetime_closed": stats.MaxLifetimeClosed}, nil
}

// limits OPEN HELD IDLE: opens so many connections, keeps some of them, and then allows so few to
// be idle.
func sqlLimits(n []int) (reply, error) {
	db.SetMaxOpenConns(0)
	db.SetMaxIdleConns(n[0])
	for i := 0; i < n[0]; i++ {
		conn, err := db.Conn(context.Background())
		if err != nil {
			return nil, err
		}
		held = append(held, conn)
	}
	for _, conn := range held[n[1]:] {
		conn.Close()
	}
	held = held[:n[1]]
	db.SetMaxIdleConns(n[2])
	return sqlStats(nil)
}
