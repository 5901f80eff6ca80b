//! Threads that have time: what they do must be done, and nobody waits for it. What others may wait for, such as
//! what is made of a state by whoever needs it first, is made before.

/// Has this thread, and those it starts from now on, give way to those that somebody waits for.
///
/// Where the system knows no priorities of single threads, nothing is done.
pub(super) fn become_patient() {
    #[cfg(target_os = "linux")]
    {
        // Half way to the least. Whoever may not even give way is left as he is.
        const NICE: i32 = 10;
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::debug!("a thread keeps its priority: {error}");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn one_thread_gives_way_and_those_it_starts() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let (patient, started) = std::thread::spawn(move || {
            become_patient();
            (nice(), std::thread::spawn(nice).join().unwrap())
        })
        .join()
        .unwrap();
        assert!(patient >= before.max(10) && started == patient);
        assert_eq!(nice(), before);
    }
}
