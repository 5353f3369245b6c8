//! A new migration changes no Rust file, so cargo has to be told to look at the folder.
fn main() {
    #[expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
    {
        println!("cargo:rerun-if-changed=../../migrations");
    }
}
