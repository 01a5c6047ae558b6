//! Numbers in as many bytes as they need, for what is kept of millions of accounts: all lengths of a record stand in front,
//! so that neither writing nor reading asks of each byte whether it is the last.

/// The numbers of a record.
pub type Numbers = [u64; 8];

/// Bytes of a number, at most.
const WORD: usize = size_of::<u64>();

/// Packs the numbers of a record behind others.
pub fn pack(numbers: Numbers, to: &mut Vec<u8>) {
    let mut bytes = [0; (1 + 8) * WORD];
    let (mut lengths, mut end) = (0u32, size_of::<u32>());
    for (place, number) in numbers.into_iter().enumerate() {
        let length = (u64::BITS - number.leading_zeros()).div_ceil(u8::BITS);
        lengths |= length << (4 * place);
        if let Some(place) = bytes.get_mut(end..end + WORD) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        end += length as usize;
    }
    bytes.first_chunk_mut().into_iter().for_each(|place| *place = lengths.to_le_bytes());
    to.extend_from_slice(bytes.get(..end).unwrap_or_default());
}

/// Takes the numbers of the first record off; nothing where the bytes end within it.
pub fn unpack(from: &mut &[u8]) -> Option<Numbers> {
    let (lengths, mut rest) = from.split_first_chunk()?;
    let lengths = u32::from_le_bytes(*lengths);
    let mut numbers = Numbers::default();
    for (place, number) in numbers.iter_mut().enumerate() {
        let length = (lengths >> (4 * place) & 15) as usize;
        let (bytes, others) = rest.split_at_checked(length)?;
        *number = match rest.first_chunk::<WORD>() {
            // What belongs to the numbers behind is cut off.
            Some(word) if (1..=WORD).contains(&length) => {
                u64::from_le_bytes(*word) & (u64::MAX >> (8 * (WORD - length)))
            }
            _ => bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)),
        };
        rest = others;
    }
    *from = rest;
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(
            records in proptest::collection::vec(any::<[(u64, u32); 8]>(), 0..5),
            cut in 0usize..20,
        ) {
            // Numbers of all lengths.
            let records: Vec<Numbers> = records.iter().map(|record| record.map(|(bits, shift)| bits >> (shift % 64))).collect();
            let mut bytes = Vec::new();
            records.iter().for_each(|record| pack(*record, &mut bytes));
            let mut from = bytes.as_slice();
            for record in &records {
                prop_assert_eq!(unpack(&mut from), Some(*record));
            }
            prop_assert_eq!((from, unpack(&mut from)), ([].as_slice(), None));
            // Bytes that end early, and such as nobody has packed, are no reason to panic.
            let mut from = bytes.get(..bytes.len().saturating_sub(cut)).unwrap_or_default();
            let whole: Vec<Numbers> = std::iter::from_fn(|| unpack(&mut from)).collect();
            prop_assert!(records.starts_with(&whole));
            prop_assert_eq!(whole.len() < records.len(), cut > 0 && !records.is_empty());
            let mut from = bytes.get(cut..).unwrap_or_default();
            while unpack(&mut from).is_some() {}
        }
    }
}
