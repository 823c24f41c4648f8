/** What page and worker say to each other. */
import type { Answer, Certificate as Core } from "../classifier.js";
import type { Picture } from "../pixels.js";

/** What the page shows of a certificate, beside what classifies. */
export interface Certificate extends Core {
  readonly accuracy: number;
  readonly testImages: number;
  readonly macs: number;
  readonly precision: string;
}

export interface ToWorker {
  readonly id: number;
  readonly picture: Picture;
}

/** What is shown of a picture. */
export interface Classified {
  readonly answers: readonly Answer[];
  /** From the decoded picture to the model's input. */
  readonly prepareMs: number;
  readonly runMs: number;
}

/** The model is loaded. */
export interface Ready {
  readonly certificate: Certificate;
  /** Whether this browser computes what is certified. */
  readonly check: string;
}

export type FromWorker =
  | { readonly ready: Ready }
  /** There will be no answers. */
  | { readonly failed: string }
  | { readonly id: number; readonly classified: Classified }
  | { readonly id: number; readonly refused: string };
