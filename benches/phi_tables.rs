//! Writes the tables of Φ_sync: over many seeds for each market, and how it depends on each rate.
//!
//! ```sh
//! TMPDIR=/dev/shm cargo bench --bench phi_tables -- --out docs/phi-tables.md
//! ```
//!
//! Each run is the golden path in this process, on a database of its own in the temporary folder,
//! as many at once as there are cores. The figures depend on seeds and settings alone, never on the
//! machine. With `--resume FILE` every run is noted in that file and not repeated: use a new file
//! after the program has changed.

#![expect(clippy::unwrap_used, reason = "a benchmark whose set-up fails has to stop")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]
#![expect(clippy::cast_precision_loss, reason = "some hundred runs")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cep_machine::adapters::sim::market::Market;
use cep_machine::app::command::RunRequest;
use cep_machine::app::port::Machine as _;
use cep_machine::app::query::{Answer, Query};
use cep_machine::app::{Handle, Origin, Setup, Show, build};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::market::MarketName;
use cep_machine::domain::mode::Mode;
use serde_json::{Value, json};

/// The bar of the golden path.
const COMPLETE: f64 = 0.88;

/// By what each rate is multiplied: far down, because the warm town books well above its target and
/// a container's conversion counts at most as its target, and as far up as a share mostly allows.
const FACTORS: [f64; 3] = [0.25, 0.5, 1.5];

/// Two-sided 95 % quantiles of Student's t for 1, 2, … degrees of freedom; beyond, the normal one.
const T_95: [f64; 20] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
];

struct Asked {
    seeds: u64,
    sensitivity_seeds: u64,
    businesses: u32,
    realistic_businesses: u32,
    out: Option<String>,
    resume: Option<String>,
}

/// One run, named by everything it depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Job {
    market: MarketName,
    businesses: u32,
    seed: u64,
    /// A rate with its value's bits, when one is moved.
    moved: Option<(String, u64)>,
}

/// What a run came to. Unknown is `None`.
#[derive(Clone, Debug)]
struct Found {
    phi: Option<f64>,
    healths: Vec<(String, Option<f64>)>,
}

fn main() {
    let asked = arguments();
    let text = page(&asked);
    match &asked.out {
        Some(path) => std::fs::write(path, &text).unwrap(),
        None => println!("{text}"),
    }
}

fn arguments() -> Asked {
    let mut asked = Asked {
        seeds: 100,
        sensitivity_seeds: 5,
        businesses: 40,
        realistic_businesses: 400,
        out: None,
        resume: None,
    };
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let Some(value) = words.next() else { panic!("{word} needs a value") };
        match word.as_str() {
            "--seeds" => asked.seeds = value.parse().unwrap(),
            "--sensitivity-seeds" => asked.sensitivity_seeds = value.parse().unwrap(),
            "--businesses" => asked.businesses = value.parse().unwrap(),
            "--realistic-businesses" => asked.realistic_businesses = value.parse().unwrap(),
            "--out" => asked.out = Some(value),
            "--resume" => asked.resume = Some(value),
            _ => panic!(
                "{word} is not known: --seeds, --sensitivity-seeds, --businesses, \
                 --realistic-businesses, --out, --resume"
            ),
        }
    }
    asked
}

/// Works all jobs and returns what each came to.
fn work(jobs: Vec<Job>, resume: Option<&str>) -> HashMap<Job, Found> {
    let mut known = resume.map(read).unwrap_or_default();
    let open: Vec<Job> = jobs.into_iter().filter(|job| !known.contains_key(job)).collect();
    let note = resume.map(|path| {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        Mutex::new(file.unwrap())
    });
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(job) = open.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let found = golden_path(job);
                    if let Some(file) = &note {
                        writeln!(file.lock().unwrap(), "{}", line(job, &found)).unwrap();
                    }
                    let mut done = done.lock().unwrap();
                    done.push((job.clone(), found));
                    if done.len().is_multiple_of(20) {
                        eprintln!("{} of {} runs", done.len(), open.len());
                    }
                }
            });
        }
    });
    known.extend(done.into_inner().unwrap());
    known
}

fn line(job: &Job, found: &Found) -> Value {
    json!({
        "market": job.market, "businesses": job.businesses, "seed": job.seed,
        "rate": job.moved.as_ref().map(|(key, _)| key),
        "value_bits": job.moved.as_ref().map(|(_, bits)| bits),
        "phi": found.phi, "healths": found.healths,
    })
}

fn read(path: &str) -> HashMap<Job, Found> {
    let Ok(text) = std::fs::read_to_string(path) else { return HashMap::new() };
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).ok()?;
        let moved = row["rate"].as_str().map(str::to_owned).zip(row["value_bits"].as_u64());
        let job = Job {
            market: serde_json::from_value(row["market"].clone()).ok()?,
            businesses: serde_json::from_value(row["businesses"].clone()).ok()?,
            seed: row["seed"].as_u64()?,
            moved,
        };
        let healths = serde_json::from_value(row["healths"].clone()).ok()?;
        Some((job, Found { phi: row["phi"].as_f64(), healths }))
    };
    // The last line may have been cut short by a stop; it is worked again.
    text.lines().filter_map(row).collect()
}

/// Walks the golden path once.
fn golden_path(job: &Job) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = cep_machine::config::embedded(folder.path()).unwrap();
    settings.sim.seed = job.seed;
    settings.sim.market = job.market;
    settings.sim.rates =
        job.moved.iter().map(|(key, bits)| (key.clone(), f64::from_bits(*bits))).collect();
    let setup = Setup {
        database: folder.path().join("cep.db"),
        settings,
        origin: Origin::Cli,
        user: "bench".to_owned(),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let parts = Arc::new(build(setup).unwrap());
        let machine = Handle::start(parts, Show::Headless, Mode::Dry).unwrap();
        let request = RunRequest {
            mode: Mode::Dry,
            layers: Layer::ALL.to_vec(),
            input: None,
            limit: Some(job.businesses),
        };
        machine.run_to_end(request).await.unwrap();
        let answer = machine.ask(Query::PhiExplain { mode: Mode::Dry }).await.unwrap();
        let Answer::PhiExplain(tree) = answer else { panic!("another answer") };
        let health = |one: &cep_machine::app::query::ContainerExplained| {
            (one.container.name().to_owned(), one.health)
        };
        Found { phi: tree.phi.value, healths: tree.containers.iter().map(health).collect() }
    })
}

fn page(asked: &Asked) -> String {
    let mut jobs = Vec::new();
    let markets =
        [(MarketName::Warm, asked.businesses), (MarketName::Realistic, asked.realistic_businesses)];
    let plain = |market, businesses, seed| Job { market, businesses, seed, moved: None };
    for (market, businesses) in markets {
        jobs.extend((1..=asked.seeds).map(|seed| plain(market, businesses, seed)));
    }
    for (market, businesses) in markets {
        let moves = moves(market);
        for seed in 1..=asked.sensitivity_seeds {
            if seed > asked.seeds {
                jobs.push(plain(market, businesses, seed));
            }
            for (key, _, values) in &moves {
                jobs.extend(values.iter().map(|value| Job {
                    moved: Some((key.clone(), value.to_bits())),
                    ..plain(market, businesses, seed)
                }));
            }
        }
    }
    jobs.sort_by_key(|job| (job.moved.is_some(), job.seed));
    let found = work(jobs, asked.resume.as_deref());
    let mut text = String::from(
        "# Φ_sync over many seeds\n\nThe golden path in the simulated world, no faults, everything \
         else as in `config/default.yaml`. The rates\nof the warm demo town are fixed \
         (`docs/adr/0003-warm-demo-town.md`); those of the realistic market stand in\n\
         `config/demo/realistic.yaml`. Unknown is unknown: it is counted, and in no mean.\n\n\
         A container's conversion counts at most as its target. The warm town books about three times \
         the target of Sales, so\nits Φ_sync falls below 1 only where something that was due is not \
         done, or work fails. The realistic market books about\na third of the target, and has so \
         few clients that a container may have nothing due: then it is unknown.\n\n\
         Written by `cargo bench --bench phi_tables` (its file says how).\n",
    );
    for (market, businesses) in markets {
        let runs = (1..=asked.seeds).map(|seed| &found[&plain(market, businesses, seed)]);
        distribution(&mut text, market, businesses, &runs.collect::<Vec<_>>());
    }
    for (market, businesses) in markets {
        sensitivity(&mut text, market, businesses, asked.sensitivity_seeds, &found);
    }
    text
}

/// Each rate of a market with its value and the values it is moved to.
fn moves(market: MarketName) -> Vec<(String, f64, Vec<f64>)> {
    let rates = Market::named(market).unwrap().rates();
    rates
        .into_iter()
        .map(|(key, value)| {
            // A share stays one; hours, days and counts have no upper end.
            let counted =
                ["hours", "days", "start", "per_day"].iter().any(|end| key.ends_with(end));
            let most = if counted || value > 1.0 { f64::INFINITY } else { 1.0 };
            let moved: Vec<f64> = FACTORS.iter().map(|by| (value * by).min(most)).collect();
            (key, value, moved)
        })
        .collect()
}

fn distribution(text: &mut String, market: MarketName, businesses: u32, runs: &[&Found]) {
    let mut values: Vec<f64> = runs.iter().filter_map(|run| run.phi).collect();
    values.sort_by(f64::total_cmp);
    let (n, known) = (runs.len(), values.len());
    let percent = |part: usize| 100.0 * part as f64 / n.max(1) as f64;
    let below = values.iter().filter(|value| **value < COMPLETE).count();
    let _ = write!(
        text,
        "\n## The {market} market, {businesses} businesses, {n} seeds\n\n\
         Φ_sync is unknown in {} of {n} runs ({:.0} %), below {COMPLETE} in {below} ({:.0} %).\n\n",
        n - known,
        percent(n - known),
        percent(below),
    );
    if !values.is_empty() {
        text.push_str("| least | 5 % | 25 % | median | 75 % | 95 % | most | mean |\n");
        text.push_str("|---|---|---|---|---|---|---|---|\n|");
        for share in [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0] {
            let _ = write!(text, " {:.4} |", quantile(&values, share));
        }
        let _ = writeln!(text, " {:.4} |\n", mean(&values));
        text.push_str("```text\n");
        text.push_str(&histogram(&values));
        text.push_str("```\n\n");
    }
    text.push_str("| container | known in | least health | median | mean | most |\n|---|---|---|---|---|---|\n");
    let names: Vec<&String> = runs
        .first()
        .map(|run| run.healths.iter().map(|(name, _)| name).collect())
        .unwrap_or_default();
    for name in names {
        let of = |run: &&Found| run.healths.iter().find(|(of, _)| of == name).and_then(|(_, h)| *h);
        let mut healths: Vec<f64> = runs.iter().filter_map(of).collect();
        healths.sort_by(f64::total_cmp);
        let _ = write!(text, "| {name} | {} of {n} |", healths.len());
        if healths.is_empty() {
            text.push_str(" unknown | unknown | unknown | unknown |\n");
            continue;
        }
        let (least, median) = (quantile(&healths, 0.0), quantile(&healths, 0.5));
        let (mean, most) = (mean(&healths), quantile(&healths, 1.0));
        let _ = writeln!(text, " {least:.4} | {median:.4} | {mean:.4} | {most:.4} |");
    }
}

/// Bars of width 0.02, each mark a run or, with many, a share of the longest.
fn histogram(values: &[f64]) -> String {
    const WIDTH: f64 = 0.02;
    const MARKS: usize = 60;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 50")]
    let bin = |value: &f64| (value / WIDTH + 1e-9) as usize;
    let mut bins: BTreeMap<usize, usize> = BTreeMap::new();
    for value in values {
        *bins.entry(bin(value)).or_default() += 1;
    }
    let longest = bins.values().copied().max().unwrap_or(1);
    let (first, last) = (bin(&values[0]), bin(&values[values.len() - 1]));
    let mut text = String::new();
    for at in first..=last {
        let n = bins.get(&at).copied().unwrap_or_default();
        let marks = if longest <= MARKS { n } else { (n * MARKS).div_ceil(longest) };
        let from = at as f64 * WIDTH;
        let _ = writeln!(text, "{from:.2}–{:.2} {n:>4} {}", from + WIDTH, "#".repeat(marks));
    }
    text
}

fn sensitivity(
    text: &mut String,
    market: MarketName,
    businesses: u32,
    seeds: u64,
    found: &HashMap<Job, Found>,
) {
    let _ = write!(
        text,
        "\n## What Φ_sync of the {market} market depends on\n\nEach rate alone moved to a quarter, to \
         half and to one and a half times its value (shares at most to 1), {seeds} seeds each,\n\
         {businesses} businesses. The difference is of the same seed with and without the move; its \
         interval is 95 %, by Student's t.\nA rate whose interval holds 0 shows nothing with so few \
         seeds. Pairs in which one side is unknown are in no mean.\n\n",
    );
    let plain = |seed| Job { market, businesses, seed, moved: None };
    let mut rows: Vec<(f64, String)> = Vec::new();
    let mut unmoved: Vec<String> = Vec::new();
    for (key, value, values) in moves(market) {
        let mut of_rate: Vec<(f64, String)> = Vec::new();
        for to in values {
            let pair = |seed| {
                let moved = Some((key.clone(), to.to_bits()));
                let after = found[&Job { moved, ..plain(seed) }].phi?;
                Some(after - found[&plain(seed)].phi?)
            };
            let pairs: Vec<f64> = (1..=seeds).filter_map(pair).collect();
            let of = format!("{} of {seeds}", pairs.len());
            let (size, shown) = difference(&pairs);
            of_rate.push((size, format!("| {key} | {value} | {to:.4} | {shown} | {of} |")));
        }
        if of_rate.iter().all(|(size, _)| *size == 0.0) {
            unmoved.push(key);
        } else {
            rows.append(&mut of_rate);
        }
    }
    rows.sort_by(|left, right| right.0.total_cmp(&left.0));
    if !rows.is_empty() {
        text.push_str(
            "| rate | value | moved to | mean difference of Φ_sync | interval | pairs known |\n\
             |---|---|---|---|---|---|\n",
        );
    }
    for (_, row) in rows {
        let _ = writeln!(text, "{row}");
    }
    if !unmoved.is_empty() {
        let _ = write!(
            text,
            "\nThese moved Φ_sync in no seed, in either direction, as far as both sides are \
             known: {}.\n",
            unmoved.join(", "),
        );
    }
}

/// Returns the size of a mean difference, and it with its interval in words.
fn difference(pairs: &[f64]) -> (f64, String) {
    if pairs.is_empty() {
        return (-1.0, "unknown | unknown".to_owned());
    }
    let mean = mean(pairs);
    if pairs.len() < 2 {
        return (mean.abs(), format!("{mean:+.4} | unknown"));
    }
    let free = pairs.len() - 1;
    let spread = pairs.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / free as f64;
    let t = T_95.get(free - 1).copied().unwrap_or(1.96);
    let half = t * (spread / pairs.len() as f64).sqrt();
    (mean.abs(), format!("{mean:+.4} | {:+.4} to {:+.4}", mean - half, mean + half))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The value below which a share of the sorted values lies, between neighbours by proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (at - at.floor())
}
