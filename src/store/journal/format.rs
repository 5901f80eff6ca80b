//! The bytes of segment heads and blocks, as `docs/storage.md` tells them; does no input or output.

use super::Seq;

/// Blocks start at multiples of this many bytes, and the segment's head takes the first.
pub const PAGE: u64 = 4096;
/// The format this version writes, and the highest it reads.
pub const FORMAT: u32 = 1;

/// [`PAGE`] as a length in memory.
pub(super) const PAGE_LEN: usize = 4096;
/// Bytes of a block before its payload.
pub(super) const HEAD: usize = 48;
/// The largest payload of a block, 4 bytes an entry included; a committer stops collecting before it.
pub const BLOCK_BYTES_MAX: u64 = 1 << 30;

// 0xFF and 0xFE occur nowhere in UTF-8, so no text anyone writes can look like a head.
const SEGMENT_MAGIC: [u8; 8] = *b"\xFF\xFETSRSEG";
const BLOCK_MAGIC: [u8; 8] = *b"\xFF\xFETSRBLK";

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

/// The first page of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHead {
    /// Random; every block of the segment repeats it, so that no other block can be taken for one of these.
    pub(super) id: u64,
    /// Sequence number of its first entry.
    pub(super) first: Seq,
    /// Chain value at the end of the segment before.
    pub(super) previous: u32,
    /// Its own checksum: the chain value its first block must name.
    pub(super) crc: u32,
}

/// What the first page of a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadRead {
    Sound(SegmentHead),
    Newer(u32),
    Bad,
}

impl SegmentHead {
    pub(super) fn new(id: u64, first: Seq, previous: u32) -> Self {
        let mut head = Self { id, first, previous, crc: 0 };
        head.crc = crc32c::crc32c(&head.page()[..36]);
        head
    }

    pub(super) fn page(&self) -> [u8; PAGE_LEN] {
        let mut page = [0; PAGE_LEN];
        page[0..8].copy_from_slice(&SEGMENT_MAGIC);
        page[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        page[16..24].copy_from_slice(&self.id.to_le_bytes());
        page[24..32].copy_from_slice(&self.first.to_le_bytes());
        page[32..36].copy_from_slice(&self.previous.to_le_bytes());
        page[36..40].copy_from_slice(&self.crc.to_le_bytes());
        page
    }

    pub(super) fn read(page: &[u8]) -> HeadRead {
        if page.len() < 40 || page[0..8] != SEGMENT_MAGIC {
            return HeadRead::Bad;
        }
        let crc = u32_at(page, 36);
        if crc32c::crc32c(&page[..36]) != crc {
            return HeadRead::Bad;
        }
        match u32_at(page, 8) {
            FORMAT => HeadRead::Sound(Self {
                id: u64_at(page, 16),
                first: u64_at(page, 24),
                previous: u32_at(page, 32),
                crc,
            }),
            newer if newer > FORMAT => HeadRead::Newer(newer),
            _ => HeadRead::Bad,
        }
    }
}

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Entries, in order.
    Entries,
    /// A run of entries that could not be recovered: their number as u64.
    Gap,
    /// Last in a rewritten segment: the chain value (u32) that the next segment's head names.
    Bridge,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Entries => 0,
            Self::Gap => 1,
            Self::Bridge => 2,
        }
    }

    fn of(code: u8) -> Option<Self> {
        [Self::Entries, Self::Gap, Self::Bridge].into_iter().find(|kind| kind.code() == code)
    }
}

/// A block's payload when it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'a> {
    Entries(&'a [Vec<u8>]),
    Gap(u64),
    Bridge(u32),
    /// The payload of another block.
    Copied(&'a Block),
}

impl Body<'_> {
    fn kind(&self) -> Kind {
        match self {
            Self::Entries(_) => Kind::Entries,
            Self::Gap(_) => Kind::Gap,
            Self::Bridge(_) => Kind::Bridge,
            Self::Copied(block) => block.kind,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Entries(entries) => entries.len(),
            Self::Gap(_) | Self::Bridge(_) => 0,
            Self::Copied(block) => usize::try_from(block.count).unwrap_or(0),
        }
    }

    fn put(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Entries(entries) => {
                for entry in *entries {
                    buffer.extend_from_slice(&length(entry.len()).to_le_bytes());
                    buffer.extend_from_slice(entry);
                }
            }
            Self::Gap(lost) => buffer.extend_from_slice(&lost.to_le_bytes()),
            Self::Bridge(chain) => buffer.extend_from_slice(&chain.to_le_bytes()),
            Self::Copied(block) => buffer.extend_from_slice(block.payload()),
        }
    }
}

/// Lengths are checked against [`BLOCK_BYTES_MAX`] before anything is written.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Bytes of payload that `entries` take.
pub(super) fn payload_bytes(entries: &[Vec<u8>]) -> u64 {
    entries.iter().map(|entry| 4 + entry.len() as u64).sum()
}

/// Bytes on the disk of a block with that much payload.
pub(super) fn block_bytes(payload: u64) -> u64 {
    (HEAD as u64 + payload).next_multiple_of(PAGE)
}

/// What binds a block to its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The segment's id.
    pub(super) segment: u64,
    /// Chain value before it.
    pub(super) chain: u32,
    /// Sequence number of its first entry.
    pub(super) first: Seq,
}

/// Fills `buffer` with a whole block, padding included, and returns its checksum: the next chain value.
pub(super) fn encode(buffer: &mut Vec<u8>, place: Place, body: Body<'_>) -> u32 {
    buffer.clear();
    buffer.resize(HEAD, 0);
    body.put(buffer);
    let payload = length(buffer.len() - HEAD);
    buffer[0..8].copy_from_slice(&BLOCK_MAGIC);
    buffer[8..16].copy_from_slice(&place.segment.to_le_bytes());
    buffer[16..20].copy_from_slice(&payload.to_le_bytes());
    buffer[24..28].copy_from_slice(&place.chain.to_le_bytes());
    buffer[28..32].copy_from_slice(&length(body.count()).to_le_bytes());
    buffer[32..40].copy_from_slice(&place.first.to_le_bytes());
    buffer[40] = body.kind().code();
    let crc = checksum(buffer);
    buffer[20..24].copy_from_slice(&crc.to_le_bytes());
    buffer.resize(buffer.len().next_multiple_of(PAGE_LEN), 0);
    crc
}

/// CRC32C of a block without padding, its checksum field taken as zero.
fn checksum(block: &[u8]) -> u32 {
    let crc = crc32c::crc32c_append(crc32c::crc32c(&block[..20]), &[0; 4]);
    crc32c::crc32c_append(crc, &block[24..])
}

/// The head of a block, not yet checked against its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockHead {
    pub(super) segment: u64,
    pub(super) payload: u32,
    pub(super) first: Seq,
    pub(super) count: u32,
    pub(super) kind: Kind,
}

impl BlockHead {
    /// `None` where no block starts.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < HEAD || bytes[0..8] != BLOCK_MAGIC {
            return None;
        }
        Some(Self {
            segment: u64_at(bytes, 8),
            payload: u32_at(bytes, 16),
            first: u64_at(bytes, 32),
            count: u32_at(bytes, 28),
            kind: Kind::of(bytes[40])?,
        })
    }

    /// Bytes of the block without padding.
    pub(super) fn len(&self) -> u64 {
        HEAD as u64 + u64::from(self.payload)
    }
}

/// A block whose checksum and inner lengths hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) segment: u64,
    pub(super) crc: u32,
    pub(super) previous: u32,
    pub(super) first: Seq,
    pub(super) count: u32,
    pub(super) kind: Kind,
    raw: Vec<u8>,
}

impl Block {
    /// `raw` is the block without padding; `None` where anything in it does not hold.
    pub(super) fn read(raw: Vec<u8>) -> Option<Self> {
        let head = BlockHead::read(&raw)?;
        let crc = u32_at(&raw, 20);
        if raw.len() as u64 != head.len() || checksum(&raw) != crc {
            return None;
        }
        let block = Self {
            segment: head.segment,
            crc,
            previous: u32_at(&raw, 24),
            first: head.first,
            count: head.count,
            kind: head.kind,
            raw,
        };
        block.holds_together().then_some(block)
    }

    fn holds_together(&self) -> bool {
        match self.kind {
            Kind::Entries => {
                let (mut offset, mut count) = (0, 0);
                while let Some((_, next)) = self.entry_at(offset) {
                    (offset, count) = (next, count + 1);
                }
                count == self.count && offset == self.payload().len()
            }
            Kind::Gap => self.count == 0 && self.payload().len() == 8,
            Kind::Bridge => self.count == 0 && self.payload().len() == 4,
        }
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.raw[HEAD..]
    }

    /// Bytes on the disk, padding included.
    pub(super) fn bytes(&self) -> u64 {
        (self.raw.len() as u64).next_multiple_of(PAGE)
    }

    /// The sequence number after its last entry.
    pub(super) fn next_seq(&self) -> Seq {
        match self.kind {
            Kind::Entries => self.first.saturating_add(u64::from(self.count)),
            Kind::Gap => self.first.saturating_add(u64_at(self.payload(), 0)),
            Kind::Bridge => self.first,
        }
    }

    /// The chain value after it.
    pub(super) fn chain(&self) -> u32 {
        match self.kind {
            Kind::Entries | Kind::Gap => self.crc,
            Kind::Bridge => u32_at(self.payload(), 0),
        }
    }

    /// The entry at an offset of the payload, and the offset of the next; `None` at the end, and in a gap.
    pub(super) fn entry_at(&self, offset: usize) -> Option<(&[u8], usize)> {
        let payload = match self.kind {
            Kind::Entries => self.payload().get(offset..)?,
            Kind::Gap | Kind::Bridge => return None,
        };
        let (length, rest) = payload.split_at_checked(4)?;
        let length = usize::try_from(u32_at(length, 0)).ok()?;
        Some((rest.get(..length)?, offset + 4 + length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(body: Body<'_>) -> Vec<u8> {
        let mut buffer = Vec::new();
        encode(&mut buffer, Place { segment: 7, chain: 9, first: 40 }, body);
        buffer
    }

    fn decoded(bytes: &[u8]) -> Option<Block> {
        let head = BlockHead::read(bytes)?;
        Block::read(bytes.get(..usize::try_from(head.len()).unwrap())?.to_vec())
    }

    #[track_caller]
    fn check(body: Body<'_>, kind: Kind, next_seq: Seq, pages: usize) {
        let bytes = encoded(body);
        assert_eq!(bytes.len(), pages * PAGE_LEN);
        let block = decoded(&bytes).unwrap();
        assert_eq!((block.segment, block.previous, block.first), (7, 9, 40));
        assert_eq!((block.kind, block.next_seq()), (kind, next_seq));
        assert_eq!(block.bytes(), bytes.len() as u64);
    }

    #[test]
    fn a_block_reads_back_as_it_was_written() {
        check(Body::Entries(&[vec![1; 10], vec![]]), Kind::Entries, 42, 1);
        check(Body::Entries(&[vec![1; PAGE_LEN - HEAD - 4]]), Kind::Entries, 41, 1);
        check(Body::Entries(&[vec![1; PAGE_LEN - HEAD - 3]]), Kind::Entries, 41, 2);
        check(Body::Gap(1 << 40), Kind::Gap, 40 + (1 << 40), 1);
        check(Body::Bridge(5), Kind::Bridge, 40, 1);
        let copied = decoded(&encoded(Body::Entries(&[vec![3]]))).unwrap();
        check(Body::Copied(&copied), Kind::Entries, 41, 1);
        assert_eq!(decoded(&encoded(Body::Bridge(5))).unwrap().chain(), 5);
    }

    #[test]
    fn every_flipped_bit_of_a_block_is_noticed() {
        let bytes = encoded(Body::Entries(&[vec![1, 2, 3], b"text".to_vec()]));
        for at in 0..HEAD + 15 {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert_eq!(decoded(&flipped), None, "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn every_flipped_bit_of_a_head_is_noticed() {
        let head = SegmentHead::new(1, 2, 3);
        assert_eq!(SegmentHead::read(&head.page()), HeadRead::Sound(head));
        for at in 0..40 {
            for bit in 0..8 {
                let mut page = head.page();
                page[at] ^= 1 << bit;
                assert_eq!(SegmentHead::read(&page), HeadRead::Bad, "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        let mut page = SegmentHead::new(1, 2, 3).page();
        page[8] = 2;
        let crc = crc32c::crc32c(&page[..36]);
        page[36..40].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(SegmentHead::read(&page), HeadRead::Newer(2));
    }

    #[test]
    fn the_bytes_of_the_format_never_change() {
        let head = SegmentHead::new(0x0102_0304_0506_0708, 1, 0);
        let block = encoded(Body::Entries(&[b"ab".to_vec()]));
        assert_eq!(
            hex(&head.page()[..40]),
            "fffe54535253454701000000000000000807060504030201\
             010000000000000000000000cfe30e26"
        );
        assert_eq!(
            hex(&block[..54]),
            "fffe545352424c4b070000000000000006000000d33901ea\
             090000000100000028000000000000000000000000000000020000006162"
        );
    }

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }
}
