import { launch } from "../../../scripts/launch.mjs";

await launch(new URL("./supervisor.ts", import.meta.url));
