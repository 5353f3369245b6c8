//! A new projection changes no Rust file, so cargo has to be told to look at the folder.

fn main() {
    println!("cargo:rerun-if-changed=../../projections");
}
