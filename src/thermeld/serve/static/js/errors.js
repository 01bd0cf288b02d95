/** A refusal whose sentence is fit to show: what happened, and what to do. */
export class Refusal extends Error {}
