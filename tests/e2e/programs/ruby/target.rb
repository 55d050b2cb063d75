# SPDX-License-Identifier: Apache-2.0
# frozen_string_literal: true

# A Ruby process whose collector and errors the tests drive, and which keeps its own account.
#
# It takes one command per line on standard input and answers each with one line of JSON, and ends
# when standard input does. Its account of collections is GC.stat's; errors are counted where they
# are raised.

require 'json'

class OrderRejected < StandardError; end

$stdout.sync = true
RAISED = Hash.new(0)
KEPT = []
# Something to mark, so that what is around a collection weighs little beside it.
LIVE = (0..200_000).map { |number| "live #{number}" }
FORCED = { nanoseconds: 0 }

def load_until(more)
  wanted = GC.count + more
  KEPT[rand(1000)] = 'x' * 100 + rand.to_s while GC.count < wanted
end

# The clock around a collection that sweeps at once: everything it stops the program for.
def force(full, times)
  times.times do
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
    GC.start(full_mark: full, immediate_sweep: true)
    FORCED[:nanoseconds] += Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - began
  end
end

def provoke(kind)
  case kind
  when 'made' then raise OrderRejected, 'the order was rejected'
  when 'argument' then raise ArgumentError, 'not an argument'
  when 'name' then nil.absent
  when 'zero' then 1 / KEPT.length.clamp(0, 0)
  when 'type' then Integer(nil)
  when 'stop' then [].each.next
  end
end

def throw_errors(kind, times)
  times.times do
    provoke(kind)
  rescue StandardError => e
    RAISED[e.class.name] += 1
  end
end

def account
  stat = GC.stat
  { count: stat[:count], minor: stat[:minor_gc_count], major: stat[:major_gc_count],
    forced_nanoseconds: FORCED[:nanoseconds], raised: RAISED }
end

def answer(words)
  number = words.last =~ /\A\d+\z/ ? words.last.to_i : 1
  case words.first
  when 'account' then return account
  when 'load' then load_until(number)
  when 'force' then force(words[1] == 'major', number)
  when 'raise' then throw_errors(words[1], number)
  else return { error: "no such command: #{words.first}" }
  end
  {}
end

puts JSON.generate({ ready: true, version: RUBY_VERSION })
$stdin.each_line { |line| puts JSON.generate(answer(line.split)) }
