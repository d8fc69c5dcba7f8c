//! Processor time of a process, from `/proc`.

/// Ticks a second of `/proc/<pid>/stat` on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system seconds that a process has used; `None` where there is no such process or no
/// `/proc`. `self` is this process.
pub fn cpu_seconds(pid: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold spaces; fields count from behind its closing bracket.
    let rest = stat.rsplit_once(')')?.1;
    let mut fields = rest.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_processor_time() {
        let before = cpu_seconds("self").unwrap();
        let mut x = 1u64;
        while cpu_seconds("self").unwrap() < before + 0.02 {
            x = std::hint::black_box(x.wrapping_mul(31));
        }
        assert!(x != 0);
        assert_eq!(cpu_seconds("0"), None);
    }
}
