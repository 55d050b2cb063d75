// SPDX-License-Identifier: Apache-2.0
//
// The program of probes/examples/rust.yaml: nothing in it knows of probes. For each line of its
// standard input it fills a cart, checks it out and says what it did, in JSON.
use std::io::BufRead;
use std::time::{Duration, Instant};

pub struct Cart {
    items: u64,
    last: String,
}

impl Cart {
    #[inline(never)]
    pub fn add(&mut self, article: &str, items: u32) {
        self.items += u64::from(items);
        self.last.clear();
        self.last.push_str(article);
    }

    #[inline(never)]
    pub fn checkout(&mut self) -> u64 {
        std::thread::sleep(Duration::from_millis(1));
        std::mem::take(&mut self.items)
    }
}

fn main() {
    println!("{{\"ready\": true}}");
    let articles = ["book", "pen", "żółw"];
    for line in std::io::stdin().lock().lines() {
        if line.is_err() {
            return;
        }
        let mut cart = Cart { items: 0, last: String::new() };
        let mut added = [0u64; 3];
        let mut taken = Duration::ZERO;
        let mut sold = 0;
        for i in 0..100usize {
            cart.add(articles[i % 3], i as u32);
            added[i % 3] += i as u64;
            let begin = Instant::now();
            sold += cart.checkout();
            taken += begin.elapsed();
        }
        println!(
            "{{\"checkouts\": 100, \"ns\": {}, \"sold\": {}, \"added\": {:?}}}",
            taken.as_nanos(),
            sold,
            added
        );
    }
}
