//! The benches with the system's allocator.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    coscope_benches::run()
}
