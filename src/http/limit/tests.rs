//! Clients side by side, in threads, and too many of them.

use super::*;

const SECOND: u64 = 1_000_000_000;

fn limiter(per_minute: u64, burst: u64) -> Limiter {
    Limiter::new(Settings { other_per_minute: per_minute, burst, ..Settings::default() })
}

fn token(id: i64) -> Client {
    Client::new(Who::Token(id), Class::Other)
}

fn is_let_through(limiter: &Limiter, client: Client, now: u64) -> bool {
    limiter.count(client, Ask::Counted, now).0.is_ok()
}

#[test]
fn each_class_has_its_rate_and_each_client_its_own_count() {
    let limiter = Limiter::new(Settings {
        admin_per_minute: 2_000,
        service_per_minute: 1_000,
        other_per_minute: 200,
        session_per_minute: 0,
        burst: 1,
        ..Settings::default()
    });
    for (class, want) in [
        (Class::Admin, Some(2_000)),
        (Class::Service, Some(1_000)),
        (Class::Other, Some(200)),
        (Class::Session, None),
    ] {
        for who in [Who::Token(class as i64), Who::User(class as i64)] {
            let client = Client::new(who, class);
            let (first, standing) = limiter.count(client, Ask::Counted, 0);
            assert!(first.is_ok(), "{client:?}");
            assert_eq!(standing.map(|standing| standing.per_minute), want);
            assert_eq!(is_let_through(&limiter, client, 0), want.is_none(), "{client:?}");
        }
    }
}

#[test]
fn what_goes_on_does_not_count_but_is_told_how_it_stands() {
    let limiter = limiter(60, 2);
    for _ in 0..10 {
        let (share, standing) = limiter.count(token(1), Ask::Continued, 0);
        assert!(share.is_ok());
        assert_eq!(standing, Some(Standing { per_minute: 60, left: 2, full_in_secs: 0 }));
    }
    let (_, standing) = limiter.count(token(1), Ask::Counted, 0);
    assert_eq!(standing, Some(Standing { per_minute: 60, left: 1, full_in_secs: 1 }));
}

#[tokio::test]
async fn a_refusal_says_when_to_come_back_and_how_one_stands() {
    let limiter = limiter(40, 1);
    let mut known = Known::default();
    limiter.admit(Some(token(1)), Ask::Counted, &mut known).await.unwrap();
    let error = limiter.admit(Some(token(1)), Ask::Counted, &mut known).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "more requests came than 'rate_other_per_minute' of 40 a minute and 'rate_burst' of 1 at once let through; \
         try again in 2 seconds"
    );
    assert_eq!(known.standing.map(|standing| (standing.left, standing.full_in_secs)), Some((0, 2)));
    for _ in 0..10 {
        limiter.admit(None, Ask::Counted, &mut Known::default()).await.unwrap();
    }
}

#[test]
fn threads_together_are_let_through_no_more_than_one() {
    let (limiter, burst) = (limiter(60_000, 100), 100);
    let granted: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let limiter = &limiter;
                scope.spawn(move || {
                    let count = |_: &u32| {
                        let now = limiter.started.elapsed().as_nanos();
                        is_let_through(limiter, token(1), u64::try_from(now).unwrap())
                    };
                    (0..20_000).filter(count).count() as u64
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let millis = u64::try_from(limiter.started.elapsed().as_millis()).unwrap() + 1;
    assert!((burst..=millis + burst).contains(&granted), "{granted} in {millis} ms");
}

#[test]
fn who_is_full_again_is_forgotten_and_who_is_not_is_kept() {
    let limiter = limiter(60, 2);
    let kept =
        || limiter.parts.iter().map(|part| part.lock().unwrap().clients.len()).sum::<usize>();
    let busy = token(0);
    let running = limiter.count(token(-1), Ask::Counted, 0).0.unwrap();
    for id in 1..=5_000 {
        assert!(is_let_through(&limiter, token(id), 0));
    }
    assert_eq!(kept(), 5_001);
    assert!(is_let_through(&limiter, busy, SECOND) && is_let_through(&limiter, busy, SECOND));
    for id in 5_001..=25_000 {
        assert!(limiter.count(token(id), Ask::Continued, 2 * SECOND - 1).0.is_ok());
    }
    assert!(kept() < 2 * 5_000 + PARTS * CLIENTS_AT_EASE, "{}", kept());
    assert!(!is_let_through(&limiter, busy, SECOND));
    let again = limiter.count(token(-1), Ask::Continued, 2 * SECOND).0.unwrap();
    assert!(Arc::ptr_eq(&running, &again));
}

#[test]
fn those_for_whom_there_is_no_room_share_what_one_may() {
    let limiter = limiter(60, 1);
    let ids = 1..=2 * i64::try_from(PARTS * CLIENTS_MAX).unwrap();
    let through = ids.filter(|id| is_let_through(&limiter, token(*id), 0)).count();
    assert_eq!(through, PARTS * CLIENTS_MAX + PARTS);
    for part in &limiter.parts {
        assert_eq!(part.lock().unwrap().clients.len(), CLIENTS_MAX + 1);
    }
}
