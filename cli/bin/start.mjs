#!/usr/bin/env node
// `npm start` is `meshwork start`.
import { launch } from "../../scripts/launch.mjs";

await launch(new URL("../src/main.ts", import.meta.url), ["start"]);
