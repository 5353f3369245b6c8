//! Any text as a checkpoint or a proof: it is refused, or proves nothing to somebody who trusts another key.
#![no_main]

use annal_verify::{Checkpoint, ConsistencyProof, InclusionProof, SigningKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let trusted = SigningKey::from_bytes(&[9; 32]).verifying_key();
    if let Ok(checkpoint) = Checkpoint::from_json(text) {
        assert!(checkpoint.verify(&trusted).is_err());
        let _ = checkpoint.tree().map(|tree| tree.root());
        let again = Checkpoint::from_json(&checkpoint.to_json());
        assert_eq!(again.map(|it| it.to_json()).ok(), Some(checkpoint.to_json()));
    }
    if let Ok(proof) = InclusionProof::from_json(text) {
        assert!(proof.verify(&trusted).is_err());
        // Its own key makes the check go further.
        if let Ok(key) = annal_verify::VerifyingKey::from_bytes(&proof.checkpoint.key) {
            let _ = proof.verify(&key);
        }
    }
    if let Ok(proof) = ConsistencyProof::from_json(text) {
        assert!(proof.verify(&trusted).is_err());
        if let Ok(key) = annal_verify::VerifyingKey::from_bytes(&proof.newer.key) {
            let _ = proof.verify(&key);
        }
    }
});
