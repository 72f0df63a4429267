//! Colour profiles (ICC.1, section 7.2) that are worth keeping in smaller copies. Does not convert colours.
//!
//! Phones take photos in wider colours than sRGB; without the profile a copy is paler than its original.

/// The longest that is kept, in bytes. Those of cameras and screens have some hundreds.
pub(super) const LONGEST: usize = 1 << 16;

/// The profile, where it is one for red, green and blue and not what browsers assume anyway.
pub(super) fn kept(profile: Vec<u8>) -> Option<Vec<u8>> {
    let is_profile = profile.get(36..40) == Some(b"acsp") && profile.get(16..20) == Some(b"RGB ");
    let wide: Vec<u8> = b"sRGB".iter().flat_map(|byte| [0, *byte]).collect();
    let is_srgb = profile.windows(4).any(|part| part == b"sRGB")
        || profile.windows(8).any(|part| part == wide);
    (is_profile && !is_srgb && profile.len() <= LONGEST).then_some(profile)
}
