//! Makes folders and names last: what a folder holds survives a power cut only when the folder itself
//! was synced.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Makes a folder with all that it lies in; each lasts when this returns.
///
/// # Errors
/// A folder that cannot be made or synced.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let missing: Vec<PathBuf> =
        path.ancestors().take_while(|folder| !is_there(folder)).map(Path::to_owned).collect();
    for folder in missing.iter().rev() {
        match fs::create_dir(folder) {
            // Another process may have made it at this instant.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => sync_folder(parent(folder))?,
        }
    }
    Ok(())
}

/// Makes the names that a folder holds last.
///
/// # Errors
/// The folder cannot be opened or synced.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

/// Returns the folder that a file or folder lies in, which is named `.` where the path has none.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}

fn is_there(folder: &Path) -> bool {
    folder.as_os_str().is_empty() || folder.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_with_all_that_it_lies_in_and_made_again_without_harm() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b/c");
        make_folder(&folder).unwrap();
        make_folder(&folder).unwrap();
        assert!(folder.is_dir());
        fs::write(root.path().join("file"), "x").unwrap();
        assert!(make_folder(&root.path().join("file/below")).is_err());
    }

    #[test]
    fn a_name_without_a_folder_lies_in_the_one_where_we_are() {
        assert_eq!(parent(Path::new("cep.db")), Path::new("."));
        assert_eq!(parent(Path::new("/srv/cep.db")), Path::new("/srv"));
        assert_eq!(parent(Path::new("/")), Path::new("/"));
    }
}
