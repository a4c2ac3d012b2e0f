//! The hashes there are to choose from.

use std::fmt::Write;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// Which hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Blake3,
    Sha256,
}

impl FromStr for Algorithm {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "blake3" => Ok(Algorithm::Blake3),
            "sha256" => Ok(Algorithm::Sha256),
            other => Err(format!("there is no algorithm {other:?}; it is blake3 or sha256")),
        }
    }
}

impl Algorithm {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Blake3 => "blake3",
            Algorithm::Sha256 => "sha256",
        }
    }

    /// A hash of nothing yet.
    pub fn begin(self) -> Hashing {
        match self {
            Algorithm::Blake3 => Hashing::Blake3(Box::default()),
            Algorithm::Sha256 => Hashing::Sha256(Sha256::new()),
        }
    }
}

/// A hash under way.
pub enum Hashing {
    Blake3(Box<blake3::Hasher>),
    Sha256(Sha256),
}

impl Hashing {
    /// Takes in more.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Hashing::Blake3(hasher) => {
                hasher.update(bytes);
            }
            Hashing::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// The hash, in hexadecimal.
    pub fn end(self) -> String {
        match self {
            Hashing::Blake3(hasher) => hasher.finalize().to_hex().to_string(),
            Hashing::Sha256(hasher) => hasher.finalize().iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            }),
        }
    }
}
