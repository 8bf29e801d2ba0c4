//! Sound as the model takes it: windows of 32 ms at 16 kHz, each after the end of the one before.

/// Samples of one window.
pub const WINDOW: usize = 512;
/// Samples of the window before that come first.
pub const CONTEXT: usize = 64;
/// Samples of one frame, as the model counts them.
pub const FRAME: usize = CONTEXT + WINDOW;

/// The frames of 16-bit little-endian samples, one after the other, from -1 to 1; silence fills up
/// the last window and stands before the first.
pub fn frames(sound: &[u8]) -> Vec<f32> {
    let samples: Vec<f32> = sound
        .chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0)
        .collect();
    let count = samples.len().div_ceil(WINDOW);
    let at = |index: usize| {
        index
            .checked_sub(CONTEXT)
            .and_then(|index| samples.get(index))
            .copied()
            .unwrap_or(0.0)
    };
    (0..count)
        .flat_map(|window| (0..FRAME).map(move |offset| window * WINDOW + offset))
        .map(at)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{CONTEXT, FRAME, WINDOW, frames};

    #[test]
    fn a_frame_begins_with_the_end_of_the_window_before() {
        let sound: Vec<u8> = (0..1000_i16).flat_map(i16::to_le_bytes).collect();
        let found = frames(&sound);
        assert_eq!(found.len(), 2 * FRAME);
        assert_eq!(found[..CONTEXT], [0.0; CONTEXT]);
        assert_eq!(found[FRAME - 1], 511.0 / 32768.0);
        assert_eq!(found[FRAME], found[WINDOW]);
        assert_eq!(found[FRAME + CONTEXT], 512.0 / 32768.0);
        assert_eq!(*found.last().unwrap(), 0.0);
    }

    #[test]
    fn no_sound_is_no_frame() {
        assert!(frames(&[]).is_empty());
    }
}
