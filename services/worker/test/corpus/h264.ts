/**
 * A sequence parameter set of H.264 (ITU-T H.264 section 7.3.2.1.1), baseline profile, for frames of that size in macro
 * blocks of 16 pixels; without start code.
 */
export function sequenceParameters(widthInBlocks: number, heightInBlocks: number): Buffer {
  const bits = [
    expGolomb(0), // seq_parameter_set_id
    expGolomb(0), // log2_max_frame_num_minus4
    expGolomb(2), // pic_order_cnt_type
    expGolomb(1), // max_num_ref_frames
    '0', // gaps_in_frame_num_value_allowed_flag
    expGolomb(widthInBlocks - 1),
    expGolomb(heightInBlocks - 1),
    '1', // frame_mbs_only_flag
    '1', // direct_8x8_inference_flag
    '0', // frame_cropping_flag
    '0', // vui_parameters_present_flag
    '1', // rbsp_stop_one_bit
  ].join('')
  const bytes = bits.match(/.{1,8}/g)?.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)) ?? []
  return Buffer.from([0x67, 66, 0, 62, ...bytes])
}

/** Section 9.1: a binary number, after as many zeros as it has digits behind its first. */
function expGolomb(value: number): string {
  const digits = (value + 1).toString(2)
  return '0'.repeat(digits.length - 1) + digits
}
