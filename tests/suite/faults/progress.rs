//! The progress that a caller is told.

use std::sync::{Arc, Mutex};

use natsbridge::{Direction, Part, Progress};

use super::answer::{Answer, Step};
use super::server::Server;
use super::{receive, sample, send};

/// The progress that was told, in order.
#[derive(Clone, Default)]
pub(super) struct Watched(Arc<Mutex<Vec<Told>>>);

struct Told {
    direction: Direction,
    index: usize,
    dataname: String,
    transferred: u64,
    size: u64,
}

impl Watched {
    pub(super) fn callback(&self) -> impl Fn(Progress<'_>) + Send + Sync + 'static {
        let Watched(told) = self.clone();
        move |progress| {
            told.lock().expect("a lock").push(Told {
                direction: progress.direction,
                index: progress.index,
                dataname: progress.dataname.to_owned(),
                transferred: progress.transferred,
                size: progress.size,
            });
        }
    }

    fn of(&self, index: usize) -> Vec<u64> {
        let told = self.0.lock().expect("a lock");
        let steps = told.iter().filter(|told| told.index == index);
        steps.map(|told| told.transferred).collect()
    }

    #[track_caller]
    pub(super) fn is_complete(&self, direction: Direction, payloads: &[(&str, u64)]) {
        for (at, (name, bytes)) in payloads.iter().enumerate() {
            let steps = self.of(at);
            assert!(
                steps.is_sorted_by(|one, next| one < next),
                "{name}: {steps:?}"
            );
            assert_eq!(steps.last(), Some(bytes), "{name}: {steps:?}");
        }
        for told in self.0.lock().expect("a lock").iter() {
            let payload = (told.dataname.as_str(), told.size);
            assert_eq!((told.direction, payload), (direction, payloads[told.index]));
        }
    }
}

#[tokio::test]
async fn progress_starts_again_with_each_attempt() {
    let server = Server::start().await;
    let bytes = sample(1_000_000);
    server.script("POST /file/", [Answer::status(500), Answer::usual()]);
    let watched = Watched::default();
    let part = Part::binary("f", bytes.clone());
    let (_, json) = send(&server, [part])
        .on_progress(watched.callback())
        .await
        .expect("the second attempt");
    let runs = |steps: &[u64]| steps.windows(2).filter(|pair| pair[1] <= pair[0]).count() + 1;
    let steps = watched.of(0);
    assert_eq!(
        (runs(&steps), steps.last()),
        (2, Some(&1_000_000)),
        "{steps:?}"
    );
    server.script(
        "GET ",
        [
            Answer::cut(&bytes, 500_000, &[Step::Reset]),
            Answer::usual(),
        ],
    );
    let watched = Watched::default();
    receive(&server, json)
        .on_progress(watched.callback())
        .await
        .expect("the second attempt");
    let steps = watched.of(0);
    assert_eq!(
        (runs(&steps), steps.last()),
        (2, Some(&1_000_000)),
        "{steps:?}"
    );
}
