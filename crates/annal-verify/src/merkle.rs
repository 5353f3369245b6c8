//! The Merkle tree of RFC 6962 over the hashes of a ledger's events: leaf i is the hash of the event at position i + 1.
//!
//! Proofs are checked by the crate `ct-merkle`. What that crate has no part for is here: a tree of any size computed
//! in one pass with one hash a level in memory, where its own tree keeps every leaf and node.

use std::ops::Range;

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use ct_merkle::{indices_for_consistency_proof, indices_for_inclusion_proof};
use sha2::{Digest, Sha256};

/// More leaves than any ledger has: a position is a signed number of 64 bits. Node numbers stay below twice this.
const MAX_LEAVES: u64 = 1 << 62;

/// A tree that grows to the right. It keeps the roots of the full subtrees that its leaves make, the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    frontier: Vec<[u8; 32]>,
}

impl Tree {
    /// A tree that goes on from known subtrees; none when their number does not fit the size.
    #[must_use]
    pub fn resume(size: u64, frontier: Vec<[u8; 32]>) -> Option<Self> {
        (frontier.len() == size.count_ones() as usize && size <= MAX_LEAVES)
            .then_some(Self { size, frontier })
    }

    /// Adds the next leaf: an event's hash.
    pub fn push(&mut self, event_hash: &[u8]) {
        let mut node: [u8; 32] = Sha256::new()
            .chain_update([0])
            .chain_update(event_hash)
            .finalize()
            .into();
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.frontier.pop() {
                node = parent(&left, &node);
            }
        }
        self.frontier.push(node);
        self.size += 1;
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its full subtrees, the largest first.
    #[must_use]
    pub fn frontier(&self) -> &[[u8; 32]] {
        &self.frontier
    }

    /// The Merkle tree hash of all its leaves.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        let mut subtrees = self.frontier.iter().rev().copied();
        match subtrees.next() {
            Some(last) => subtrees.fold(last, |right, left| parent(&left, &right)),
            None => Sha256::digest([]).into(),
        }
    }
}

/// The stretches of leaves whose subtrees make up a proof, filled in one pass over the leaves.
#[derive(Debug, Clone)]
pub struct Cover {
    /// In the order of the proof.
    stretches: Vec<(Range<u64>, Tree)>,
}

impl Cover {
    /// For a proof that a leaf is in the tree of this size; none when it cannot be.
    #[must_use]
    pub fn of_leaf(index: u64, size: u64) -> Option<Self> {
        (index < size && size <= MAX_LEAVES)
            .then(|| Self::of_nodes(&indices_for_inclusion_proof(size, index), size))
    }

    /// For a proof that the tree of the one size is the beginning of the other's; none when it cannot be.
    #[must_use]
    pub fn of_growth(older: u64, newer: u64) -> Option<Self> {
        if older > newer || newer > MAX_LEAVES {
            return None;
        }
        if older == 0 {
            // Every tree begins with the empty one; there is nothing to prove.
            return Some(Self {
                stretches: Vec::new(),
            });
        }
        let nodes = indices_for_consistency_proof(older, newer - older);
        Some(Self::of_nodes(&nodes, newer))
    }

    /// In the numbering of nodes from left to right, as many low bits of a node are set as it has levels below it.
    fn of_nodes(nodes: &[u64], size: u64) -> Self {
        let stretch = |node: &u64| {
            let leaves = 1_u64 << node.trailing_ones();
            let first = (node + 1 - leaves) / 2;
            (first..(first + leaves).min(size), Tree::default())
        };
        Self {
            stretches: nodes.iter().map(stretch).collect(),
        }
    }

    /// Takes the next leaf: an event's hash. Leaves come in order, from the first to the last of the tree.
    pub fn push(&mut self, index: u64, event_hash: &[u8; 32]) {
        // The stretches do not overlap, and a proof has at most two of them for each level.
        for (range, tree) in &mut self.stretches {
            if range.contains(&index) {
                tree.push(event_hash);
            }
        }
    }

    /// The proof.
    #[must_use]
    pub fn path(&self) -> Vec<[u8; 32]> {
        self.stretches.iter().map(|(_, tree)| tree.root()).collect()
    }
}

/// Whether a path leads from an event's hash at an index to the root.
pub(crate) fn includes(
    size: u64,
    root: &[u8; 32],
    index: u64,
    event_hash: &[u8; 32],
    path: &[[u8; 32]],
) -> bool {
    let proof = InclusionProof::<Sha256>::try_from_bytes(path.concat());
    size <= MAX_LEAVES
        && proof.is_ok_and(|proof| {
            rooted(size, root)
                .verify_inclusion(event_hash, index, &proof)
                .is_ok()
        })
}

/// Whether a path shows that the older tree is the beginning of the newer.
pub(crate) fn continues(
    (older_size, older): (u64, &[u8; 32]),
    (size, root): (u64, &[u8; 32]),
    path: &[[u8; 32]],
) -> bool {
    if older_size == 0 {
        return path.is_empty() && *older == Tree::default().root();
    }
    let proof = ConsistencyProof::<Sha256>::try_from_bytes(path.concat());
    size <= MAX_LEAVES
        && proof.is_ok_and(|proof| {
            rooted(size, root)
                .verify_consistency(&rooted(older_size, older), &proof)
                .is_ok()
        })
}

fn rooted(size: u64, root: &[u8; 32]) -> RootHash<Sha256> {
    RootHash::new((*root).into(), size)
}

fn parent(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;

    use super::*;

    fn leaves(count: u8) -> Vec<[u8; 32]> {
        (0..count).map(|n| Sha256::digest([n]).into()).collect()
    }

    /// All sizes to 40 and all leaves: the one-pass tree and its proofs are those of the library's tree in memory.
    #[test]
    fn roots_and_proofs_are_those_of_the_library() {
        for size in 1..=40_u8 {
            let leaves = leaves(size);
            let mut tree = Tree::default();
            let mut library = MemoryBackedTree::<Sha256, [u8; 32]>::new();
            for leaf in &leaves {
                tree.push(leaf);
                library.push(*leaf);
            }
            assert_eq!(tree.root().as_slice(), library.root().as_bytes().as_slice());
            let whole = u64::from(size);
            for index in 0..whole {
                let path = fill(Cover::of_leaf(index, whole), &leaves).path();
                let theirs = library.prove_inclusion(usize::try_from(index).unwrap_or(0));
                assert_eq!(path.concat(), theirs.as_bytes());
                let leaf = &leaves[usize::from(u8::try_from(index).unwrap_or(0))];
                assert!(includes(whole, &tree.root(), index, leaf, &path));
                assert!(!includes(whole, &tree.root(), index, &[9; 32], &path));
            }
            for older in 1..=whole {
                let path = fill(Cover::of_growth(older, whole), &leaves).path();
                let added = usize::try_from(whole - older).unwrap_or(0);
                if added < leaves.len() {
                    let theirs = library.prove_consistency(added);
                    assert_eq!(path.concat(), theirs.as_bytes());
                }
                let mut before = Tree::default();
                leaves[..leaves.len() - added]
                    .iter()
                    .for_each(|leaf| before.push(leaf));
                let old = before.root();
                assert!(continues((older, &old), (whole, &tree.root()), &path));
                assert!(!continues((older, &[9; 32]), (whole, &tree.root()), &path));
            }
        }
    }

    fn fill(cover: Option<Cover>, leaves: &[[u8; 32]]) -> Cover {
        let mut cover = cover.expect("it is inside the tree");
        for (index, leaf) in (0..).zip(leaves) {
            cover.push(index, leaf);
        }
        cover
    }

    #[test]
    fn a_tree_goes_on_from_its_frontier() {
        let mut whole = Tree::default();
        for leaf in leaves(21) {
            whole.push(&leaf);
        }
        let mut resumed = Tree::default();
        for leaf in leaves(13) {
            resumed.push(&leaf);
        }
        let mut resumed = Tree::resume(13, resumed.frontier().to_vec()).expect("it fits");
        for leaf in &leaves(21)[13..] {
            resumed.push(leaf);
        }
        assert_eq!(resumed, whole);
        assert_eq!(Tree::resume(13, vec![[0; 32]; 4]), None);
    }

    /// The vectors that implementations of RFC 6962 are commonly checked with.
    #[test]
    fn the_usual_vectors_come_out() {
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Tree::default();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex::encode(tree.root()), empty);
        for (leaf, root) in leaves.iter().zip(roots) {
            tree.push(&hex::decode(leaf).expect("it is hexadecimal"));
            assert_eq!(hex::encode(tree.root()), root);
        }
    }

    #[test]
    fn no_size_or_index_makes_it_panic() {
        let big = [
            0,
            1,
            2,
            MAX_LEAVES - 1,
            MAX_LEAVES,
            MAX_LEAVES + 1,
            u64::MAX,
        ];
        for size in big {
            for other in big {
                for path in [vec![], vec![[1; 32]], vec![[1; 32]; 62], vec![[1; 32]; 200]] {
                    assert!(!includes(size, &[0; 32], other, &[0; 32], &path));
                    assert!(!continues((other, &[0; 32]), (size, &[1; 32]), &path));
                }
                let _ = (Cover::of_leaf(size, other), Cover::of_growth(size, other));
            }
        }
    }
}
