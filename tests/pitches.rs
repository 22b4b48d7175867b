//! Runs `cep pitches` and `cep promote` as an operator does before anything goes out.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

mod desk;

use std::fs;

use desk::Desk;

impl Desk {
    /// A folder in which layers 1 and 2 have run dry: pitches are written, nothing has gone out.
    fn pitched() -> Self {
        let desk = Self::new();
        for layer in ["1", "2"] {
            assert!(desk.cep(&["run", layer]).status.success());
        }
        desk
    }

    /// Edits a prospect's e-mail on a terminal, with a shell script as editor; returns the exit code
    /// and what was said.
    #[cfg(unix)]
    fn edited(&self, entity: &str, script: &str) -> (u32, String) {
        use std::io::Read as _;

        use portable_pty::{CommandBuilder, PtySize, native_pty_system};

        let editor = self.0.path().join("editor.sh");
        fs::write(&editor, script).unwrap();
        let size = PtySize { rows: 24, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_cep"));
        command.args(["pitches", "edit", entity]);
        command.cwd(self.0.path());
        command.env_clear();
        command.env("PATH", "/usr/bin:/bin");
        command.env("XDG_STATE_HOME", self.0.path().join("state"));
        command.env("EDITOR", format!("sh {}", editor.display()));
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut said = Vec::new();
        // The end of a pseudo-terminal is an error on some systems.
        let _ended = reader.read_to_end(&mut said);
        let code = child.wait().unwrap().exit_code();
        (code, String::from_utf8_lossy(&said).into_owned())
    }

    /// A prospect whose first e-mail is due at once.
    fn entity(&self) -> String {
        let units = self.lines(&["units", "--layer", "3", "--limit", "1000", "--json"]);
        let due = units.iter().find(|unit| {
            unit["state"] == "ready" && unit["label"].as_str().unwrap().starts_with("e-mail")
        });
        due.unwrap()["entity"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_person_reads_a_pitch_edits_it_and_exactly_that_goes_out() {
    let desk = Desk::pitched();
    let entity = desk.entity();
    let page = desk.said(&["pitches", "show", &entity], 0);
    for part in
        ["== email: ", "== sms: ", "Subject: ", "This is advertising from", "our offer", "add_"]
    {
        assert!(page.contains(part), "{part:?} is not in\n{page}");
    }
    let footer: Vec<_> = page.lines().filter(|line| line.contains("required by law  ")).collect();
    let has = |part: &str| footer.iter().any(|line| line.contains(part));
    assert!(has("This is advertising from") && has("https://"), "each of its sentences: {page}");
    let lie = desk.file("Hello,\n\nyour kitchen is dirty.\n");
    let refused = desk.said(&["pitches", "edit", &entity, "--text-file", &lie], 2);
    assert!(refused.contains("your kitchen is dirty") && refused.contains("hint: "), "{refused}");

    let honest = desk.file("Hello,\n\nmay we call you on Tuesday?\n\nKind regards\nMara Vane\n");
    let edit =
        ["pitches", "edit", &entity, "--text-file", &honest, "--subject", "May we call you?"];
    assert!(desk.said(&edit, 0).contains("every sentence traced"));
    let view = &desk.lines(&["pitches", "show", &entity, "--json"])[0];
    assert_eq!(view["row"]["edited"], serde_json::json!(["email"]));
    let text = view["parts"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("Hello,\n\nmay we call you on Tuesday?"), "{text}");
    let kinds = &view["parts"][0]["sentences"];
    assert_eq!(
        (kinds[1]["kind"].as_str(), kinds[3]["kind"].as_str()),
        (Some("question"), Some("signature"))
    );

    desk.said(&["run", "3"], 0);
    let effects = desk.lines(&["effects", "--layer", "3", "--limit", "1000", "--json"]);
    let mine = effects.iter().find(|effect| effect["entity"] == entity.as_str()).unwrap();
    assert!(mine["summary"].as_str().unwrap().contains("May we call you?"), "{mine}");
    let late = desk.said(&["pitches", "edit", &entity, "--subject", "Another"], 4);
    assert!(late.contains("email message was sent"), "{late}");
    assert!(desk.said(&["pitches", "rewrite", &entity], 4).contains("email message was sent"));
}

#[test]
fn a_pitch_is_written_again_in_the_variant_that_a_person_chose() {
    let desk = Desk::pitched();
    let entity = desk.entity();
    let refused = desk.said(&["pitches", "rewrite", &entity, "--variant", "loud"], 2);
    assert!(refused.contains("friendly"), "{refused}");
    for variant in ["question", "friendly"] {
        desk.said(&["pitches", "rewrite", &entity, "--variant", variant], 0);
        desk.said(&["run", "2"], 0);
        let view = &desk.lines(&["pitches", "show", &entity, "--json"])[0];
        assert_eq!(view["row"]["variant"], variant);
        assert_eq!(view["row"]["chosen_by_person"], true);
    }
    let unknown = desk.said(&["pitches", "show", "osm:node/0"], 2);
    assert!(unknown.contains("osm:node/0 has no pitch"), "{unknown}");
}

#[test]
fn what_is_promoted_is_chosen_previewed_and_goes_live_as_it_was_edited() {
    let desk = Desk::pitched();
    let entity = desk.entity();
    let text = desk.file("Hello,\n\nmay we call you on Tuesday?\n");
    desk.said(&["pitches", "edit", &entity, "--text-file", &text], 0);
    let preview = desk.lines(&["promote", "--entity", &entity, "--preview", "--json"]);
    assert_eq!((preview.len(), preview[0]["entity"].as_str()), (1, Some(entity.as_str())));
    assert!(
        desk.lines(&["pitches", "--mode", "live", "--json"]).is_empty(),
        "nothing is copied yet"
    );
    let stranger = desk.said(&["promote", "--entity", "osm:node/0"], 2);
    assert!(stranger.contains("osm:node/0"), "{stranger}");
    desk.said(&["promote", "--entity", &entity], 0);
    let arms = |mode: &str| -> Vec<(String, String, String)> {
        let books = rusqlite::Connection::open(desk.0.path().join("state/cep/cep.db")).unwrap();
        let sql = "SELECT campaign, arm, draw_key FROM assignments WHERE mode = ?1 AND entity = ?2";
        let mut statement = books.prepare(sql).unwrap();
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let rows = statement.query_map([mode, &entity], read).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(arms("live").len(), 1);
    assert_eq!(arms("live"), arms("dry"), "it keeps the variant that it was drawn");
    desk.said(&["run", "2", "--live", "--confirm", "live"], 0);
    let view = &desk.lines(&["pitches", "show", &entity, "--mode", "live", "--json"])[0];
    assert_eq!(view["row"]["edited"], serde_json::json!(["email"]));
    assert!(view["parts"][0]["text"].as_str().unwrap().contains("on Tuesday?"));
    assert_eq!(desk.lines(&["pitches", "--mode", "live", "--json"]).len(), 1);
    desk.said(&["pitches", "rewrite", &entity, "--mode", "live"], 0);
    desk.said(&["run", "2", "--live", "--confirm", "live"], 0);
    let again = &desk.lines(&["pitches", "show", &entity, "--mode", "live", "--json"])[0];
    assert_eq!(again["row"]["variant"].as_str(), Some(arms("dry")[0].1.as_str()));
}

#[test]
fn the_templates_are_read_through_with_the_settings() {
    let desk = Desk(tempfile::tempdir().unwrap());
    assert!(desk.said(&["config", "check"], 0).contains("direct, friendly, question"));
    let folder = desk.0.path().join("own/en");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("dental.txt"), "== extra ==\n[offer] Your teeth are outdated.\n")
        .unwrap();
    let settings = desk.0.path().join("cep.yaml");
    fs::write(&settings, "pitch:\n  templates_dir: own\n").unwrap();
    let config = settings.to_str().unwrap();
    let said = desk.said(&["config", "check", "--config", config], 2);
    assert!(said.contains("outdated") && said.contains("hint: "), "{said}");
}

#[cfg(unix)]
#[test]
fn a_pitch_is_edited_in_the_persons_own_editor_and_stays_as_it_was_unless_it_is_changed_there() {
    let desk = Desk::pitched();
    let entity = desk.entity();
    let email = || desk.lines(&["pitches", "show", &entity, "--json"])[0]["parts"][0].clone();
    let before = email();

    let unchanged = desk.edited(&entity, "exit 0");
    assert_eq!(unchanged.0, 0);
    assert!(unchanged.1.contains("nothing is changed"), "{unchanged:?}");
    assert_eq!(email(), before, "a look does not make it a text by hand");

    let failed = desk.edited(&entity, "echo 'half a text' > \"$1\"; exit 3");
    assert_eq!(failed.0, 2);
    assert!(
        failed.1.contains("ended with") && failed.1.contains("nothing is changed"),
        "{failed:?}"
    );
    assert_eq!(email(), before);

    let lie = desk.edited(&entity, "echo 'Your kitchen is dirty.' > \"$1\"");
    assert_eq!(lie.0, 2);
    assert!(lie.1.contains("Your kitchen is dirty"), "{lie:?}");
    assert_eq!(email(), before);

    let shown = desk.0.path().join("shown.txt");
    let script = format!(
        "cp \"$1\" {}; printf 'Hello,\\n\\nmay we call you on Friday?\\n' > \"$1\"",
        shown.display()
    );
    let edited = desk.edited(&entity, &script);
    assert_eq!(edited.0, 0, "{edited:?}");
    let shown = fs::read_to_string(shown).unwrap();
    assert!(before["text"].as_str().unwrap().starts_with(shown.trim_end()), "{shown}");
    assert!(!shown.contains("advertising"), "the footer is not the person's to write");
    assert!(email()["text"].as_str().unwrap().starts_with("Hello,\n\nmay we call you on Friday?"));
    assert_eq!(email()["edited"], true);
    let state = fs::read_dir(desk.0.path().join("state/cep")).unwrap();
    let left: Vec<_> = state.map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("pitch-")), "{left:?}");
}
