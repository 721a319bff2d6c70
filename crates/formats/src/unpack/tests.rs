//! Archives made here, by the rules and against them, whole and in pieces, and by others.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

mod pack;

use pack::{DEFLATED, STORED, Spelling, frames, gzip, tar, tar_member, zip, zip_member, zstd};

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    leaves: Vec<(String, Vec<u8>)>,
    open: bool,
    damages: Vec<(String, Damage)>,
}

impl Leaves for Seen {
    fn begin(&mut self, path: &str) {
        assert!(!self.open, "a leaf begins in another");
        self.open = true;
        self.leaves.push((path.to_owned(), Vec::new()));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        assert!(self.open, "bytes of no leaf");
        self.leaves.last_mut().unwrap().1.extend_from_slice(bytes);
    }

    fn end(&mut self) {
        assert!(self.open, "a leaf ends that did not begin");
        self.open = false;
    }

    fn damaged(&mut self, path: &str, damage: Damage) {
        self.damages.push((path.to_owned(), damage));
    }
}

impl Seen {
    /// "path: text", and "! path: kind at offset" after them.
    fn text(&self) -> String {
        let mut text = String::new();
        for (path, bytes) in &self.leaves {
            writeln!(text, "{path}: {}", String::from_utf8_lossy(bytes)).unwrap();
        }
        for (path, damage) in &self.damages {
            writeln!(text, "! {path}: {} {:?} at {}", damage.container, damage.kind, damage.offset).unwrap();
        }
        text
    }
}

fn unpack_by(
    kinds: &'static Kinds,
    limits: Limits,
    bytes: &[u8],
    piece: usize,
) -> (Seen, Result<(), TooMuch>) {
    let (mut unpack, mut seen) = (Unpack::new(kinds, limits), Seen::default());
    let pushed = bytes.chunks(piece).try_for_each(|piece| unpack.push(piece, &mut seen));
    let result = pushed.and_then(|()| unpack.finish(&mut seen));
    assert!(!seen.open, "a leaf did not end");
    (seen, result)
}

/// In pieces of every size the same.
fn unpack(bytes: &[u8]) -> Seen {
    let of = |piece| {
        let (seen, result) = unpack_by(&ALL, Limits::default(), bytes, piece);
        assert_eq!(result, Ok(()), "in pieces of {piece}");
        seen
    };
    let whole = of(bytes.len().max(1));
    for piece in [1, 7, 61] {
        assert_eq!(of(piece).text(), whole.text(), "in pieces of {piece}");
    }
    whole
}

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    assert_eq!(unpack(bytes).text(), expected);
}

const TEXT: &[u8] = br#"{"resourceSpans":[]}"#;
const SHOWN: &str = r#"{"resourceSpans":[]}"#;

#[test]
fn leaves_as_they_are() {
    check(b"", "");
    check(b"{", ": {\n");
    check(TEXT, &format!(": {SHOWN}\n"));
    for plain in ["P", "PK", "(", "\0", "BZ", "x,y\n1,2", "7", "[", "{\"a\":1}\n{\"b\":2}"] {
        check(plain.as_bytes(), &format!(": {plain}\n"));
    }
    let long = "spans ".repeat(1000);
    check(long.as_bytes(), &format!(": {long}\n"));
}

#[test]
fn the_engine_unpacks_gzip_alone() {
    let (seen, _) = unpack_by(&COMMON, Limits::default(), &gzip(&gzip(TEXT)), 7);
    assert_eq!(seen.text(), format!(": {SHOWN}\n"));
    let packed = zstd(TEXT);
    let (seen, _) = unpack_by(&COMMON, Limits::default(), &packed, 7);
    assert_eq!(seen.leaves, [(String::new(), packed)]);
}

#[test]
fn gzip_members() {
    check(&gzip(TEXT), &format!(": {SHOWN}\n"));
    check(&[gzip(b"one "), gzip(b"two")].concat(), ": one two\n");
    check(&gzip(b""), "");
    check(
        &[gzip(TEXT), b"more".to_vec()].concat(),
        &format!(": {SHOWN}\n!: gzip Header at 43\n")
            .replace("!:", "! :")
            .replace("at 43", &format!("at {}", gzip(TEXT).len())),
    );
}

#[test]
fn zstd_frames() {
    check(&zstd(TEXT), &format!(": {SHOWN}\n"));
    check(&[zstd(b"one "), zstd(b"two")].concat(), ": one two\n");
    // Frames to be skipped: of three bytes, of none.
    let skipped = b"\x5A\x2A\x4D\x18\x03\0\0\0abc\x50\x2A\x4D\x18\0\0\0\0";
    check(&[skipped, zstd(b"one").as_slice(), skipped].concat(), ": one\n");
    check(skipped, "");
    // As the reference implementation packs "{}" from a pipe: a window of 2 MiB, and a checksum.
    check(b"\x28\xB5\x2F\xFD\x04\x58\x11\0\0{}\xD1\x94\xF2\x7A", ": {}\n");
    check(b"\x28\xB5\x2F\xFD\0\x58\x11\0\0{}", ": {}\n");
    // Several blocks.
    let long: Vec<u8> = (0..60_000_u32).flat_map(|at| format!("{at},").into_bytes()).collect();
    assert_eq!(unpack(&zstd(&long)).leaves, [(String::new(), long)]);
}

#[test]
fn zstd_damage() {
    let whole = zstd(TEXT);
    let mut wrong = whole.clone();
    *wrong.last_mut().unwrap() ^= 1;
    let length = whole.len();
    check(&wrong, &format!(": {SHOWN}\n! : zstd Checksum at {length}\n"));
    check(&[whole.as_slice(), b"garbage"].concat(), &format!(": {SHOWN}\n! : zstd Header at {length}\n"));
    // A window of 256 MiB; a dictionary.
    check(b"\x28\xB5\x2F\xFD\0\x90\x01\0\0", "! : zstd Window(268435456) at 0\n");
    check(
        b"\x28\xB5\x2F\xFD\x01\0\x07\x01\0\0",
        "! : zstd Unsupported(\"zstd-compressed data that needs a dictionary\") at 0\n",
    );
    // A block of the type that does not exist, after one of three bytes.
    check(b"\x28\xB5\x2F\xFD\0\0\x18\0\0abc\x06\0\0", ": abc\n! : zstd Data at 12\n");
}

#[test]
fn tar_members() {
    let members: &[(&str, &[u8])] = &[("a.json", TEXT), ("empty", b""), ("b/c.json", b"[1]")];
    check(&tar(members), &format!("a.json: {SHOWN}\nb/c.json: [1]\n"));
    check(&gzip(&tar(members)), &format!("a.json: {SHOWN}\nb/c.json: [1]\n"));
    check(&zstd(&tar(members)), &format!("a.json: {SHOWN}\nb/c.json: [1]\n"));
    check(&tar(&[("in.tar", &tar(&[("a.json.gz", &gzip(TEXT))]))]), &format!("in.tar/a.json.gz: {SHOWN}\n"));
    check(
        &tar(&[("._a.json", b"x"), ("__MACOSX/b", b"x"), ("c/.DS_Store", b"x"), ("c/d", b"y")]),
        "c/d: y\n",
    );
    // A block that is full.
    check(&tar(&[("a", &[b'x'; 512]), ("b", b"y")]), &format!("a: {}\nb: y\n", "x".repeat(512)));
}

#[test]
fn tar_headers() {
    let long = "very/".repeat(30) + "long.json";
    let end = [0; 1024].as_slice();
    let gnu =
        [tar_member("././@LongLink", b'L', format!("{long}\0").as_bytes()), tar_member("x", b'0', b"1")];
    check(&[gnu.concat().as_slice(), end].concat(), &format!("{long}: 1\n"));
    let record = format!(" path={long}\n");
    let record = format!("{}{record}", record.len() + 3);
    let pax = [
        tar_member("PaxHeaders/x", b'x', format!("13 size=0003\n{record}").as_bytes()),
        tar_member("x", b'0', b"abc"),
        tar_member("g", b'g', b"13 path=wrong\n"),
        tar_member("y", b'0', b"2"),
        tar_member("folder/", b'5', b""),
        tar_member("link", b'2', b""),
        tar_member("old", 0, b"3"),
    ];
    check(&[pax.concat().as_slice(), end].concat(), &format!("{long}: abc\ny: 2\nold: 3\n"));
    // The first part of a name has a place of its own.
    let mut split = tar_member("b.json", b'0', b"4");
    split[345..347].copy_from_slice(b"in");
    let sum = split[..512].iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let sum = sum - split[148..156].iter().map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
    split[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    check(&[split.as_slice(), end].concat(), "in/b.json: 4\n");
    // Without the mark of the end; followed by something else.
    check(&split, "in/b.json: 4\n! : tar Cut at 1024\n");
    check(&[split.as_slice(), &[b'x'; 600]].concat(), "in/b.json: 4\n! : tar Header at 1024\n");
}

#[test]
fn zip_members() {
    let both =
        |spelling| zip(&[zip_member("a.json", TEXT, spelling), zip_member("b/c.json", b"[1]", spelling)]);
    let flags = [0, 8, 8 | 1 << 11];
    for (method, flags) in [0, 8, 93].into_iter().flat_map(|method| flags.map(|flags| (method, flags))) {
        for (wide, unsigned) in [(false, false), (true, false), (false, true), (true, true)] {
            if method == 0 && unsigned {
                continue;
            }
            let spelling = Spelling { method, flags, wide, unsigned, wrong_checksum: false };
            assert_eq!(
                unpack(&both(spelling)).text(),
                format!("a.json: {SHOWN}\nb/c.json: [1]\n"),
                "{spelling:?}"
            );
        }
    }
    check(&[b"PK\x05\x06".as_slice(), &[0; 18]].concat(), "");
}

/// Bytes of a member before those that were packed, for names of one letter.
const BEFORE: usize = 31;

#[test]
fn zip_damage() {
    let after = zip_member("z", b"last", DEFLATED);
    let followed = |member: Vec<u8>| zip(&[member, after.clone()]);
    let of = |method, flags| followed(zip_member("a", b"abc", Spelling { method, flags, ..STORED }));
    // What is not read is named, and what follows is read, whether or not its length is known.
    for flags in [0, 8] {
        check(&of(8, flags | 1), "z: last\n! a: zip Encrypted at 0\n");
        check(&of(0, flags | 1), "z: last\n! a: zip Encrypted at 0\n");
        check(&of(14, flags), "z: last\n! a: zip Unread(\"packed by LZMA\") at 0\n");
    }
    // Another checksum.
    let wrong = |method, flags| Spelling { method, flags, wrong_checksum: true, ..STORED };
    for method in [0, 8, 93] {
        let member = zip_member("a", b"abc", wrong(method, 0));
        let length = member.len();
        check(&followed(member), &format!("a: abc\nz: last\n! a: zip Checksum at {length}\n"));
    }
    let member = zip_member("a", b"abc", wrong(8, 8));
    let at = member.len() - 16;
    check(&followed(member), &format!("a: abc\nz: last\n! a: zip Checksum at {at}\n"));
    // What no method writes.
    for flags in [0, 8] {
        let mut member = zip_member("a", b"abc", Spelling { method: 8, flags, ..STORED });
        member[BEFORE] |= 0b110;
        let seen = unpack(&followed(member));
        assert_eq!(seen.leaves, [("z".to_owned(), b"last".to_vec())]);
        let [(path, Damage { container: "zip", kind: DamageKind::Data, .. })] = seen.damages.as_slice()
        else {
            panic!("{seen:?}")
        };
        assert_eq!(path, "a");
    }
    // Something between members.
    let odd = zip(&[zip_member("a", b"abc", STORED), b"what?PK".to_vec(), after]);
    check(&odd, "a: abc\nz: last\n! : zip Header at 34\n");
    // Cut off before the directory.
    check(&zip_member("a", b"abc", STORED), "a: abc\n! : zip Cut at 34\n");
}

#[test]
fn zip_oddities() {
    // Stored bytes of unknown length that look like what ends them.
    let text = b"PPKPK\x07\x08PK\x07\x08abcdefghijklmnopqrstuvwxyzPK\x03\x04P";
    let member = zip_member("a", text, Spelling { flags: 8, ..STORED });
    assert_eq!(unpack(&zip(&[member])).leaves, [("a".to_owned(), text.to_vec())]);
    // Folders, litter, the mark of an archive of one part.
    let members = [
        b"PK00".to_vec(),
        zip_member("f/", b"", STORED),
        zip_member("g/", b"", DEFLATED),
        zip_member("h/", b"", Spelling { flags: 8, ..DEFLATED }),
        zip_member("i/", b"", Spelling { flags: 8, ..STORED }),
        // The descriptor is missing.
        zip_member("j/", b"", Spelling { flags: 8, ..STORED })[..32].to_vec(),
        zip_member("__MACOSX/._a", b"x", DEFLATED),
        zip_member("__MACOSX/._b", b"x", Spelling { flags: 8, ..DEFLATED }),
        zip_member("a", b"abc", DEFLATED),
    ];
    check(&zip(&members), "a: abc\n");
    // Content tells, not names.
    check(&zip(&[zip_member("a.gz", TEXT, STORED)]), &format!("a.gz: {SHOWN}\n"));
    check(&zip(&[zip_member("a.json", &gzip(TEXT), STORED)]), &format!("a.json: {SHOWN}\n"));
}

/// By Info-ZIP, from a file and from a pipe.
#[test]
fn zip_by_others() {
    let bytes = |hex: &str| -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|hex| u8::from_str_radix(str::from_utf8(hex).unwrap(), 16).unwrap())
            .collect()
    };
    let file = "504b03040a00000000003a71755dafac1b56070000000700000006000000612e6a736f6e7b2261223a317d504b01021e030a00000000003a71755dafac1b560700000007000000060000000000000001000000a48100000000612e6a736f6e504b05060000000001000100340000002b0000000000";
    check(&bytes(file), "a.json: {\"a\":1}\n");
    let pipe = "504b03042d00080008003b71755d00000000ffffffffffffffff010014002d0100100000000000000000000000000000000000ab564a54b232ac0500504b0708afac1b5609000000000000000700000000000000504b01021e032d00080008003b71755dafac1b5609000000070000000100000000000000010000008011000000002d504b050600000000010001002f000000540000000000";
    check(&bytes(pipe), "-: {\"a\":1}\n");
}

#[test]
fn frames_of_the_collector() {
    let protobuf = b"\x0A\x04\x12\x02\x12\0";
    let shown = String::from_utf8_lossy(protobuf).into_owned();
    check(&frames(&[TEXT, b"{}"]), &format!(": {SHOWN}\n: {{}}\n"));
    check(&frames(&[protobuf]), &format!(": {shown}\n"));
    check(&frames(&[protobuf, b"", protobuf]), &format!(": {shown}\n: {shown}\n"));
    check(&frames(&[&zstd(TEXT), &zstd(protobuf)]), &format!(": {SHOWN}\n: {shown}\n"));
    check(&gzip(&frames(&[protobuf, protobuf])), &format!(": {shown}\n: {shown}\n"));
    let long = [b"{\"a\":\"".as_slice(), &[b'x'; 3000], b"\"}"].concat();
    assert_eq!(unpack(&frames(&[&long, &long, b"{}"])).leaves.len(), 3);
    // More than there may be members in archives.
    assert_eq!(unpack(&frames(&vec![b"{}".as_slice(); 10_001])).leaves.len(), 10_001);
    // Cut off; a length nobody writes.
    let two = frames(&[TEXT, TEXT]);
    check(&two[..two.len() - 10], &format!(": {SHOWN}\n: {{\"resource\n! : length-prefixed Cut at 38\n"));
    let long = frames(&[&long]);
    let garbage = unpack(&[long.as_slice(), b"garbage"].concat());
    let [(_, Damage { kind: DamageKind::Header, offset, .. })] = garbage.damages.as_slice() else {
        panic!("{garbage:?}")
    };
    assert_eq!(*offset, long.len() as u64);
    // None of these is one.
    for plain in [
        b"\0\0\0\x02[]".as_slice(),
        b"\0\0\0\x05{\"a\":1}",
        b"\0\0\0\0{}",
        b"\0\0\0\x02{}\0\0\0\x02[]",
        b"\0\0\0\x06\x0A\x05\x12\x02\x12\0",
        b"\0\0\0",
        b"\x0A\x04\x12\x02\x12\0",
    ] {
        assert_eq!(unpack(plain).leaves, [(String::new(), plain.to_vec())]);
    }
}

#[test]
fn utf16() {
    let text = "{\"name\":\"é€😀\u{feff}\"}";
    let units = |text: &str, to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    for to in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
        check(&units(text, to), &format!(": {text}\n"));
        check(&units(&format!("\u{feff}{text}"), to), &format!(": {text}\n"));
        check(&units("\u{feff}\n", to), ": \n\n");
        check(&units("\u{feff}", to), "");
        check(&gzip(&units(text, to)), &format!(": {text}\n"));
        let halves =
            [u16::from(b'{'), u16::from(b'a'), 0xD800, 0xD83D, 0xDE00, 0xDC00, u16::from(b'b'), 0xDBFF];
        let halves: Vec<u8> = halves.into_iter().flat_map(to).collect();
        check(&halves, ": {a\u{fffd}😀\u{fffd}b\u{fffd}\n! : UTF-16 Cut at 16\n");
        check(&halves[..5], ": {a\u{fffd}\n! : UTF-16 Cut at 5\n");
    }
}

#[test]
fn unread() {
    for (at, magic, name) in unread::MAGIC {
        let bytes = [vec![b'B'; *at].as_slice(), magic, b"and so on"].concat();
        check(&bytes, &format!("! : {name} Unsupported({name:?}) at 0\n"));
        check(&tar(&[("a", &bytes), ("b", b"x")]), &format!("b: x\n! a: {name} Unread({name:?}) at 0\n"));
        assert_eq!(unpack(&bytes[..at + magic.len() - 1]).damages, []);
    }
}

#[test]
fn nesting() {
    let mut packed = TEXT.to_vec();
    for _ in 0..4 {
        packed = gzip(&packed);
        check(&packed, &format!(": {SHOWN}\n"));
    }
    check(&gzip(&packed), "! : gzip Nested at 0\n");
    check(&tar(&[("a", &packed), ("b", TEXT)]), &format!("b: {SHOWN}\n! a: gzip Nested at 0\n"));
}

#[test]
fn members() {
    let limits = Limits { members: 3, ..Limits::default() };
    let many = |names: &str| {
        names
            .split("")
            .filter(|name| !name.is_empty())
            .map(|name| zip_member(name, b"x", STORED))
            .collect::<Vec<_>>()
    };
    for (names, expected) in [("abc", "a: x\nb: x\nc: x\n"), ("abcde", "a: x\nb: x\nc: x\n! d: zip Members")]
    {
        for piece in [1, 7, 1000] {
            let (seen, _) = unpack_by(&ALL, limits, &zip(&many(names)), piece);
            assert!(seen.text().starts_with(expected), "{}", seen.text());
            assert!(seen.damages.len() < 2, "{}", seen.text());
        }
    }
    let (seen, _) = unpack_by(&ALL, limits, &tar(&[("a", b"x".as_slice()); 5]), 1000);
    assert_eq!(seen.text(), "a: x\na: x\na: x\n! a: tar Members at 3072\n");
}

#[test]
fn too_much() {
    #[track_caller]
    fn refused(bytes: &[u8], limits: Limits) {
        for piece in [61, 4096, bytes.len()] {
            let (seen, result) = unpack_by(&ALL, limits, bytes, piece);
            let Err(TooMuch { packed, unpacked }) = result else {
                panic!("not refused in pieces of {piece}")
            };
            assert!(packed <= bytes.len() as u64 && unpacked > limits.slack + limits.ratio * packed);
            // Not much more was done than was allowed.
            assert!(unpacked < limits.slack + limits.ratio * packed + (10 << 20), "{unpacked} of {packed}");
            let seen: usize = seen.leaves.iter().map(|(_, bytes)| bytes.len()).sum();
            assert!(seen as u64 <= limits.slack + limits.ratio * packed, "{seen}");
        }
    }
    let small = Limits { slack: 1 << 20, ratio: 250, members: 10_000 };
    let zeros = vec![b' '; 16 << 20];
    refused(&gzip(&zeros), small);
    refused(&zip(&[zip_member("a", &zeros, DEFLATED)]), small);
    // Blocks of 128 KiB in four bytes.
    let runs = [b"\x28\xB5\x2F\xFD\0\x58".as_slice(), &b"\x02\0\x10 ".repeat(1000)].concat();
    refused(&runs, small);
    refused(&gzip(&runs), small);
    // Sixteen in each, and no single one is large.
    let mut nested = zeros[..1 << 20].to_vec();
    for _ in 0..3 {
        nested = zip(&vec![zip_member("a.zip", &nested, DEFLATED); 16]);
    }
    refused(&nested, small);
    refused(&nested, Limits::default());
    // What text comes to is no bomb.
    let mut text = String::new();
    (0..200_000).for_each(|at| writeln!(text, "{{\"spanId\":\"{at:016x}\"}}").unwrap());
    let (seen, result) = unpack_by(&ALL, small, &gzip(text.as_bytes()), 4096);
    assert_eq!((result, seen.leaves[0].1.len()), (Ok(()), text.len()));
}

/// Nothing is told of a refused input any more.
#[test]
fn refused() {
    let limits = Limits { slack: 10, ratio: 1, members: 1 };
    let packed = gzip(&[b' '; 1000]);
    let (mut unpack, mut seen) = (Unpack::new(&ALL, limits), Seen::default());
    let refused = unpack.push(&packed, &mut seen).unwrap_err();
    let before = seen.clone();
    assert_eq!(unpack.push(TEXT, &mut seen), Err(refused));
    assert_eq!(unpack.finish(&mut seen), Err(refused));
    assert_eq!(seen, before);
}

/// Whatever is cut off, what was whole before is whole.
#[test]
fn cut_anywhere() {
    let described = Spelling { flags: 8, ..DEFLATED };
    let members =
        |spelling| zip(&[zip_member("a", b"first", spelling), zip_member("b", b"second", spelling)]);
    let texts = ["first", "second"];
    for (whole, texts, ends) in [
        (members(STORED), texts, [BEFORE + 5, 2 * BEFORE + 11]),
        (members(DEFLATED), texts, [BEFORE + 7, 2 * BEFORE + 15]),
        (members(described), texts, [BEFORE + 7 + 16, 2 * BEFORE + 15 + 32]),
        (members(Spelling { flags: 8, ..STORED }), texts, [BEFORE + 5 + 16, 2 * BEFORE + 11 + 32]),
        (tar(&[("a", b"first"), ("b", b"second")]), texts, [517, 1024 + 518]),
        (frames(&[b"{\"a\":1}", b"{\"b\":22}"]), ["{\"a\":1}", "{\"b\":22}"], [11, 23]),
    ] {
        for cut in 0..whole.len() {
            let seen = unpack(&whole[..cut]);
            for (index, (end, text)) in ends.into_iter().zip(texts).enumerate() {
                let leaf = seen.leaves.get(index).map(|(_, bytes)| String::from_utf8_lossy(bytes));
                let whole_there = leaf.as_deref() == Some(text);
                assert!(whole_there || cut < end, "{leaf:?} at {cut} of {}", whole.len());
            }
            assert!(seen.leaves.len() <= 2);
        }
    }
    let packed = [gzip(TEXT), gzip(TEXT)].concat();
    for cut in gzip(TEXT).len()..packed.len() {
        assert!(unpack(&packed[..cut]).leaves[0].1.starts_with(TEXT));
    }
    let packed = [zstd(TEXT), zstd(TEXT)].concat();
    for cut in zstd(TEXT).len()..packed.len() {
        assert!(unpack(&packed[..cut]).leaves[0].1.starts_with(TEXT));
    }
    // Blocks before the cut come out, although later ones could have referred to them.
    let long: Vec<u8> = (0..60_000_u32).flat_map(|at| format!("{at},").into_bytes()).collect();
    let packed = zstd(&long);
    let (seen, _) = unpack_by(&ALL, Limits::default(), &packed[..packed.len() - 100], 4096);
    assert!(long.starts_with(&seen.leaves[0].1) && seen.leaves[0].1.len() >= 128 << 10);
}

/// What a container may begin with.
fn starts() -> Vec<Vec<u8>> {
    let described = |method| Spelling { method, flags: 8, ..STORED };
    let mut starts = vec![
        gzip(TEXT)[..10].to_vec(),
        zstd(TEXT)[..4].to_vec(),
        b"\x28\xB5\x2F\xFD\0\0".to_vec(),
        b"\x50\x2A\x4D\x18".to_vec(),
        b"PK\x03\x04".to_vec(),
        b"PK\x07\x08PK\x03\x04".to_vec(),
        tar_member("a", b'0', b"x")[..512].to_vec(),
        tar_member("a", b'x', b"20 path=")[..520].to_vec(),
        frames(&[TEXT]),
        b"\xFF\xFE".to_vec(),
        b"\xFE\xFF".to_vec(),
    ];
    for method in [0, 8, 93] {
        starts.push(zip_member("a", TEXT, Spelling { method, ..STORED })[..BEFORE].to_vec());
        starts.push(zip_member("a", TEXT, described(method))[..BEFORE].to_vec());
    }
    starts
}

proptest! {
    /// Any bytes after any start end somehow, and the same in pieces.
    #[test]
    fn any_bytes(start in prop::sample::select(starts()), bytes: Vec<u8>) {
        unpack(&[start, bytes].concat());
    }

    /// So do archives some of whose bytes are others.
    #[test]
    fn any_damage(
        which in 0_usize..6,
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let text: Vec<u8> = (0..2000_u32).flat_map(|at| format!("{},", at % 97).into_bytes()).collect();
        let members = |spelling| zip(&[zip_member("a", &text, spelling), zip_member("b", TEXT, spelling)]);
        let mut bytes = match which {
            0 => members(DEFLATED),
            1 => members(Spelling { flags: 8, ..STORED }),
            2 => members(Spelling { method: 93, flags: 8, ..STORED }),
            3 => gzip(&tar(&[("a", &text), ("b", TEXT)])),
            4 => zstd(&text),
            _ => frames(&[&zstd(&text), &zstd(TEXT)]),
        };
        for (place, byte) in places {
            let at = place.index(bytes.len());
            bytes[at] ^= byte;
        }
        unpack(&bytes);
    }

    /// What goes in comes out.
    #[test]
    fn any_text(text in "[ -~]{1,300}", method in prop::sample::select(vec![0_u16, 8, 93]), flags in prop::sample::select(vec![0_u16, 8])) {
        let text = format!("{{{text}");
        let leaf = |path: &str| vec![(path.to_owned(), text.clone().into_bytes())];
        let member = zip_member("a", text.as_bytes(), Spelling { method, flags, ..STORED });
        prop_assert_eq!(unpack(&zip(&[member])).leaves, leaf("a"));
        prop_assert_eq!(unpack(&zstd(&tar(&[("a", text.as_bytes())]))).leaves, leaf("a"));
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        prop_assert_eq!(unpack(&gzip(&units)).leaves, leaf(""));
    }
}
