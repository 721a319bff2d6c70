// OTLP's numbers.

export const INTERNAL = 1;
export const CLIENT = 3;
export const ERROR = 2;
