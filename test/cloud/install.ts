import { installMoto } from "../support/aws-emulators/moto.ts";

/** The first step: what npm does not bring is installed, or the run ends saying what is missing. */
export default installMoto;
