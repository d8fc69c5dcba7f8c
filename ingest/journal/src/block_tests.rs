use domain::ids::DatastreamIx;
use domain::observation::{Observation, Quality};
use domain::refusal::Channel;
use domain::time::UtcMs;
use proptest::prelude::*;

use super::*;

fn observations(count: u32) -> (Vec<Record>, Vec<u8>) {
    let mut raw = Vec::new();
    let records: Vec<Record> = (0..count)
        .map(|i| Record::Observation {
            received: UtcMs(1_781_118_300_000 + i64::from(i)),
            channel: Channel::Mqtt,
            observation: Observation {
                datastream: DatastreamIx(i % 700),
                t: UtcMs(1_781_118_300_000),
                result_time: UtcMs(1_781_118_300_000),
                value: f64::from(i) * 0.1,
                quality: Quality::default(),
                backlog: false,
            },
        })
        .collect();
    for record in &records {
        encoding::encode_into(record, &mut raw).unwrap();
    }
    (records, raw)
}

#[test]
fn a_block_returns_its_records_and_is_smaller_than_they_are() {
    let (records, raw) = observations(500);
    let block = StoredBlock::seal(Seq(41), 500, 500, &raw);
    assert!(block.body.len() < raw.len(), "{} of {}", block.body.len(), raw.len());
    assert_eq!(block.records(), Ok(records));
    assert_eq!(block.last(), Seq(540));
}

#[test]
fn a_body_that_does_not_shrink_is_kept_plain() {
    let (records, raw) = observations(1);
    let block = StoredBlock::seal(Seq(1), 1, 1, &raw);
    assert!(block.body.len() <= raw.len() + BODY_HEADER_BYTES);
    assert_eq!(block.records(), Ok(records));
}

#[test]
fn a_newer_encoding_is_named() {
    let (_, raw) = observations(1);
    let mut block = StoredBlock::seal(Seq(1), 1, 1, &raw);
    block.body[0] = 9;
    block.crc32 = block.computed_crc();
    assert_eq!(block.records(), Err(BlockError::Newer { first: Seq(1), version: 9 }));
}

#[test]
fn a_block_with_two_bytes_wrong_is_not_guessed_at() {
    let (_, raw) = observations(300);
    let mut block = StoredBlock::seal(Seq(1), 300, 300, &raw);
    block.body[100] ^= 0x10;
    block.body[2000] ^= 0x01;
    assert!(matches!(block.records(), Err(BlockError::Checksum { .. })));
    assert_eq!(block.mended(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn one_wrong_byte_anywhere_is_found_and_put_right(
        count in 1_u32..400, place in any::<prop::sample::Index>(), flip in 1_u8..,
    ) {
        let (records, raw) = observations(count);
        let block = StoredBlock::seal(Seq(7), count, 0, &raw);
        let mut bad = block.clone();
        let at = place.index(bad.body.len());
        bad.body[at] ^= flip;
        prop_assert!(matches!(bad.records(), Err(BlockError::Checksum { .. })), "at {}", at);
        prop_assert_eq!(bad.mended(), Some(block));
        prop_assert_eq!(bad.mended().unwrap().records(), Ok(records));
    }

    #[test]
    fn a_wrong_header_is_found(which in 0_usize..4, flip in 1_u32..) {
        let (_, raw) = observations(20);
        let mut bad = StoredBlock::seal(Seq(7), 20, 20, &raw);
        match which {
            0 => bad.first.0 ^= u64::from(flip),
            1 => bad.count ^= flip,
            2 => bad.bytes_raw ^= flip,
            _ => bad.observations ^= u64::from(flip),
        }
        prop_assert!(bad.check().is_err());
    }
}
