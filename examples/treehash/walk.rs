//! The walk over the tree, and the work on one file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use coscope::prelude::*;

use crate::algorithm::Algorithm;
use crate::options::Options;
use crate::tally::{Hashed, Tally};

/// Hashes every file below the directory. At most `open` at once; the walk waits for a place.
pub async fn hash_tree(options: Options, tally: Arc<Tally>) {
    scope(async |s: Scope| {
        let files = s.limit(options.open);
        let work = Arc::new(Work {
            root: options.directory.clone(),
            algorithm: options.algorithm,
            chunk: options.chunk,
            spare: Mutex::default(),
        });
        let mut directories = vec![PathBuf::new()];
        while let Some(directory) = directories.pop() {
            let listed =
                with_context(Dispatchers::io(), async { list(&options.directory, &directory) }).await;
            let entries = match listed {
                Ok(entries) => entries,
                Err(error) => {
                    tally.failed(name(&directory), error);
                    continue;
                }
            };
            for (path, kind) in entries {
                if current_job().is_stop_requested() {
                    return; // what is under way ends; nothing new is begun
                }
                match kind {
                    Kind::Directory => directories.push(path),
                    Kind::File => {
                        let (work, tally) = (work.clone(), tally.clone());
                        files
                            .launch(async move {
                                match hash_file(&work, &path).await {
                                    Ok((hash, size)) => {
                                        tally.hashed(Hashed { path: name(&path), hash, size })
                                    }
                                    Err(error) => tally.failed(name(&path), error),
                                }
                            })
                            .await;
                    }
                    Kind::Other => tally.skipped(name(&path)),
                    Kind::Unreadable(error) => tally.failed(name(&path), error),
                }
            }
        }
    })
    .await
}

/// What an entry of a directory is.
enum Kind {
    File,
    Directory,
    /// A socket, a pipe, a device: never opened, since that may block. Or a link to a directory.
    Other,
    Unreadable(io::Error),
}

/// The entries of a directory, by path relative to the root.
fn list(root: &Path, directory: &Path) -> io::Result<Vec<(PathBuf, Kind)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(root.join(directory))? {
        let entry = entry?;
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_dir() => Kind::Directory,
            Ok(kind) if kind.is_file() => Kind::File,
            Ok(kind) if kind.is_symlink() => match fs::metadata(entry.path()) {
                Ok(target) if target.is_file() => Kind::File,
                Ok(_) => Kind::Other,
                Err(error) => Kind::Unreadable(error),
            },
            Ok(_) => Kind::Other,
            Err(error) => Kind::Unreadable(error),
        };
        entries.push((directory.join(entry.file_name()), kind));
    }
    Ok(entries)
}

/// What all files share.
struct Work {
    root: PathBuf,
    algorithm: Algorithm,
    /// The most that is read at once.
    chunk: usize,
    /// Buffers that are used again; there are never more than files open at once.
    spare: Mutex<Vec<Vec<u8>>>,
}

impl Work {
    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a file and reads its beginning.
    fn open(&self, path: &Path) -> io::Result<(File, Vec<u8>)> {
        let mut file = File::open(self.root.join(path))?;
        let bytes = self.spare().pop().unwrap_or_default();
        let bytes = self.fill(&mut file, bytes)?;
        Ok((file, bytes))
    }

    /// Reads until a chunk is there or the file has ended.
    fn fill(&self, file: &mut File, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        bytes.clear();
        file.take(self.chunk as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Reads on IO, hashes on Default, a chunk at a time.
async fn hash_file(work: &Work, path: &Path) -> io::Result<(String, u64)> {
    let io = Dispatchers::io();
    let (mut file, mut bytes) = with_context(io.clone(), async { work.open(path) }).await?;
    let mut hashing = work.algorithm.begin();
    let mut size = bytes.len() as u64;
    hashing.update(&bytes);
    while bytes.len() == work.chunk {
        // there may be more
        bytes = with_context(io.clone(), async { work.fill(&mut file, bytes) }).await?;
        size += bytes.len() as u64;
        hashing.update(&bytes);
    }
    work.spare().push(bytes);
    Ok((hashing.end(), size))
}

fn name(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}
