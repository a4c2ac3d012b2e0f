//! The walk over the tree, and the work on one file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coscope::prelude::*;

use crate::algorithm::Algorithm;
use crate::options::Options;
use crate::tally::{Hashed, Tally};

/// Hashes every file below the directory. At most `open` at once; the walk waits for a place.
pub async fn hash_tree(options: Options, tally: Arc<Tally>) {
    scope(async |s: Scope| {
        let files = s.limit(options.open);
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
                        let (root, tally) = (options.directory.clone(), tally.clone());
                        let (algorithm, chunk) = (options.algorithm, options.chunk);
                        files
                            .launch(async move {
                                match hash_file(&root.join(&path), algorithm, chunk).await {
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

/// Reads on IO, hashes on Default, a chunk at a time.
async fn hash_file(path: &Path, algorithm: Algorithm, chunk: usize) -> io::Result<(String, u64)> {
    let io = Dispatchers::io();
    let (mut file, mut bytes) = with_context(io.clone(), async { open(path, chunk) }).await?;
    let mut hashing = algorithm.begin();
    let mut size = bytes.len() as u64;
    while !bytes.is_empty() {
        hashing.update(&bytes);
        if bytes.len() < chunk {
            break; // that was the end of the file
        }
        bytes = with_context(io.clone(), async { fill(&mut file, bytes, chunk) }).await?;
        size += bytes.len() as u64;
    }
    Ok((hashing.end(), size))
}

/// Opens a file and reads its beginning.
fn open(path: &Path, chunk: usize) -> io::Result<(File, Vec<u8>)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    // one byte more than there should be shows that there is no more
    let room = usize::try_from(length).map_or(chunk, |length| (length + 1).min(chunk));
    let bytes = fill(&mut file, Vec::with_capacity(room), chunk)?;
    Ok((file, bytes))
}

/// Reads until `chunk` bytes are there or the file has ended.
fn fill(file: &mut File, mut bytes: Vec<u8>, chunk: usize) -> io::Result<Vec<u8>> {
    bytes.clear();
    file.take(chunk as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn name(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}
