//! The model: `silero_vad_16k_sequence.onnx` of the Silero team, which takes all frames at once.

use crate::frames::FRAME;
use crate::wasi::nn::errors::Error;
use crate::wasi::nn::graph::{ExecutionTarget, GraphEncoding, load};
use crate::wasi::nn::tensor::{Tensor, TensorType};

/// What it remembers, of nothing at the start.
const MEMORY: [u32; 3] = [1, 1, 128];

/// The probability of speech in each frame. The error is a sentence.
pub fn probabilities(model: Vec<u8>, frames: &[f32]) -> Result<Vec<f32>, String> {
    let told = |error: Error| error.data();
    let count = (frames.len() / FRAME) as u32;
    let blank = || tensor(&MEMORY, &[0.0; MEMORY[2] as usize]);
    let inputs = vec![
        ("input".to_owned(), tensor(&[count, FRAME as u32], frames)),
        ("h".to_owned(), blank()),
        ("c".to_owned(), blank()),
    ];
    let graph = load(&[model], GraphEncoding::Onnx, ExecutionTarget::Cpu).map_err(told)?;
    let context = graph.init_execution_context().map_err(told)?;
    let outputs = context.compute(inputs).map_err(told)?;
    let (_, found) = outputs
        .iter()
        .find(|(name, _)| name == "speech_probs")
        .ok_or("the model says nothing about speech")?;
    let bytes = found.data();
    let numbers = bytes.chunks_exact(4);
    Ok(numbers
        .map(|four| f32::from_le_bytes(four.try_into().expect("four bytes")))
        .collect())
}

fn tensor(dimensions: &[u32], numbers: &[f32]) -> Tensor {
    let bytes: Vec<u8> = numbers.iter().flat_map(|each| each.to_le_bytes()).collect();
    Tensor::new(dimensions, TensorType::Fp32, &bytes)
}
