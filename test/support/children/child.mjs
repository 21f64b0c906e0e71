// A trivial child for the supervisor's tests; MESHWORK_TEST_CHILD says how it behaves.
import { launch } from "../../../scripts/launch.mjs";

await launch(new URL("./child.ts", import.meta.url));
