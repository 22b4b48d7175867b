//! Drives the loop with a fake machine, a fake keyboard and time that passes only when told.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use futures::stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::*;
use crate::app::command::{Ack, Command, Refusal};
use crate::app::query::{Answer, Query};
use crate::domain::time::{Moment, Uptime};
use crate::runtime::spawn;
use crate::tui::fixture;
use crate::tui::theme::{Depth, Palette, Theme};
use crate::tui::update::tests::key;

/// A clock on the runtime's time, which stands still while anybody works.
struct StillClock {
    start: Instant,
}

#[async_trait]
impl Clock for StillClock {
    fn wall(&self) -> Moment {
        fixture::NOW.plus_ms(i64::try_from(self.start.elapsed().as_millis()).unwrap())
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap()
    }

    fn uptime(&self) -> Uptime {
        Uptime(i64::try_from(self.start.elapsed().as_millis()).unwrap())
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep_until(Instant::now() + duration).await;
    }
}

/// A machine that never answers, takes every command and rests as soon as it may.
struct Fake {
    pictures: watch::Sender<Arc<Snapshot>>,
    commands: Mutex<Vec<Command>>,
    may_rest: watch::Sender<bool>,
}

#[async_trait]
impl Machine for Fake {
    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.pictures.subscribe()
    }

    async fn submit(&self, command: Command) -> Result<Ack, Refusal> {
        self.commands.lock().unwrap().push(command);
        Ok(Ack::here(None, "taken"))
    }

    async fn rest(&self) {
        self.may_rest.subscribe().wait_for(|&may| may).await.unwrap();
    }

    async fn ask(&self, _query: Query) -> Result<Answer, Refusal> {
        std::future::pending().await
    }
}

/// The wire: when each frame came.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<Instant>>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(Instant::now());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A screen under test and the ends of everything it is connected to.
struct Bench {
    keys: UnboundedSender<io::Result<Input>>,
    signals: UnboundedSender<Signal>,
    machine: Arc<Fake>,
    wire: Wire,
    /// When the process was stopped.
    suspended: Arc<Mutex<Vec<Instant>>>,
    ended: tokio::task::JoinHandle<Exit>,
}

/// A keyboard at its strictest: it keeps the first waker it is given until a key has woken it.
struct Keyboard {
    keys: UnboundedReceiver<io::Result<Input>>,
    kept: Option<std::task::Waker>,
}

impl Stream for Keyboard {
    type Item = io::Result<Input>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let waker = self.kept.get_or_insert_with(|| cx.waker().clone()).clone();
        let polled = self.keys.poll_recv(&mut std::task::Context::from_waker(&waker));
        if polled.is_ready() {
            self.kept = None;
        }
        polled
    }
}

fn stream_of<T: Send + 'static>(receiver: UnboundedReceiver<T>) -> stream::BoxStream<'static, T> {
    stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    })
    .boxed()
}

fn bench(snapshot: Snapshot) -> Bench {
    let machine = Arc::new(Fake {
        pictures: watch::channel(Arc::new(snapshot)).0,
        commands: Mutex::default(),
        may_rest: watch::Sender::new(true),
    });
    let (keys, key_stream) = unbounded_channel();
    let (signals, signal_stream) = unbounded_channel();
    let wire = Wire::default();
    let (out, shown) = (wire.clone(), Arc::clone(&machine));
    let suspended = Arc::new(Mutex::new(Vec::new()));
    let stops = Arc::clone(&suspended);
    let ended = spawn::task("screen", async move {
        let theme =
            Theme { depth: Depth::Ansi, palette: Palette::Safe, ascii: false, synchronized: true };
        let clock = StillClock { start: Instant::now() };
        let parts = Parts {
            folder: std::env::temp_dir().join("cep-kept-by-tests"),
            tmux: false,
            mouse: false,
            keys: Arc::default(),
            painter: Painter::new(out, theme),
            clock: &clock,
            pacing: Pacing::new(false),
            size: (120, 36),
            suspend: &|| {
                stops.lock().unwrap().push(Instant::now());
                Ok(())
            },
        };
        let keyboard = Keyboard { keys: key_stream, kept: None };
        drive(shown, parts, keyboard, stream_of(signal_stream)).await
    });
    Bench { keys, signals, machine, wire, suspended, ended }
}

impl Bench {
    fn press(&self, keys: &str) {
        for c in keys.chars() {
            let event: KeyEvent = key(c);
            self.keys.send(Ok(Input::Key(event))).unwrap();
        }
    }

    fn suspend(&self) {
        let ctrl_z = KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL);
        self.keys.send(Ok(Input::Key(ctrl_z))).unwrap();
    }

    fn stops(&self) -> usize {
        self.suspended.lock().unwrap().len()
    }

    fn frames(&self) -> usize {
        self.wire.0.lock().unwrap().len()
    }
}

async fn pass(ms: u64) {
    tokio::time::sleep_until(Instant::now() + Duration::from_millis(ms)).await;
}

fn idle() -> Snapshot {
    Snapshot { run: None, ..fixture::troubled() }
}

#[tokio::test(start_paused = true)]
async fn an_idle_screen_draws_once_a_minute_at_most() {
    let bench = bench(idle());
    pass(10 * 60_000).await;
    assert!(bench.frames() <= 11, "{}", bench.frames());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_pictures_a_second_are_ten_frames() {
    let bench = bench(idle());
    for n in 0..2_000 {
        let mut snapshot = idle();
        snapshot.worlds.dry.due = n;
        bench.machine.pictures.send_replace(Arc::new(snapshot));
        pass(1).await;
    }
    assert!((15..=22).contains(&bench.frames()), "{}", bench.frames());
}

#[tokio::test(start_paused = true)]
async fn a_key_is_drawn_at_once_in_the_middle_of_a_flood() {
    let bench = bench(idle());
    for n in 0..250 {
        let mut snapshot = idle();
        snapshot.worlds.dry.due = n;
        bench.machine.pictures.send_replace(Arc::new(snapshot));
        pass(1).await;
    }
    let (before, at) = (bench.frames(), Instant::now());
    bench.press("j");
    pass(1).await;
    let frames = bench.wire.0.lock().unwrap().clone();
    assert!(
        frames[before..].iter().any(|frame| frame.duration_since(at) <= Duration::from_millis(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_never_answered_freezes_no_key() {
    let bench = bench(idle());
    bench.press("e");
    pass(60_000).await;
    bench.press("\u{1b}R");
    pass(10).await;
    assert_eq!(bench.machine.commands.lock().unwrap().len(), 1);
    bench.press("q");
    assert_eq!(bench.ended.await.unwrap(), Exit::Quit);
}

#[tokio::test(start_paused = true)]
async fn each_key_on_an_idle_screen_is_drawn_at_once() {
    let bench = bench(idle());
    pass(5_000).await;
    for key in ["j", "k", "j", "?"] {
        let before = bench.frames();
        bench.press(key);
        pass(1).await;
        assert_eq!(bench.frames(), before + 1, "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_the_screen_whatever_is_open() {
    let bench = bench(fixture::troubled());
    bench.press("m");
    bench.signals.send(Signal::Ends(Exit::Terminated)).unwrap();
    assert_eq!(bench.ended.await.unwrap(), Exit::Terminated);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_input_or_an_error_on_it_is_a_lost_terminal() {
    let lost = bench(idle());
    drop(lost.keys);
    assert_eq!(lost.ended.await.unwrap(), Exit::HungUp);
    let broken = bench(idle());
    broken.keys.send(Err(io::Error::from_raw_os_error(5))).unwrap();
    assert_eq!(broken.ended.await.unwrap(), Exit::HungUp);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_stops_leaves_its_last_picture_and_the_keys() {
    let bench = bench(idle());
    pass(1).await;
    let Bench { keys, machine, wire, ended, signals, .. } = bench;
    drop(signals);
    drop(machine);
    pass(120_000).await;
    assert!(wire.0.lock().unwrap().len() <= 4, "no frame is drawn in a loop");
    keys.send(Ok(Input::Key(key('q')))).unwrap();
    assert_eq!(ended.await.unwrap(), Exit::Quit);
}

#[tokio::test(start_paused = true)]
async fn with_a_run_under_way_the_process_stops_only_after_its_leases_were_given_back() {
    let mut working = fixture::troubled();
    working.run.as_mut().unwrap().is_ours = true;
    let bench = bench(working);
    bench.machine.may_rest.send_replace(false);
    pass(1).await;
    bench.suspend();
    pass(1_000).await;
    assert_eq!(bench.stops(), 0, "a person is asked first");
    bench.press("p");
    pass(60_000).await;
    assert_eq!(bench.stops(), 0, "what is in flight is not done yet");
    bench.press("?");
    let frames = bench.frames();
    pass(1_000).await;
    assert!(bench.frames() > frames, "the screen answers while the machine comes to rest");
    bench.machine.may_rest.send_replace(true);
    pass(1_000).await;
    assert_eq!(bench.stops(), 1);
    bench.signals.send(Signal::Ends(Exit::Terminated)).unwrap();
    assert_eq!(bench.ended.await.unwrap(), Exit::Terminated, "and it goes on afterwards");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_the_picture_does_not_show_yet_is_waited_for_too() {
    let bench = bench(idle());
    bench.machine.may_rest.send_replace(false);
    bench.suspend();
    pass(1_000).await;
    assert_eq!(bench.stops(), 0);
    bench.machine.may_rest.send_replace(true);
    pass(1_000).await;
    assert_eq!(bench.stops(), 1);
}
