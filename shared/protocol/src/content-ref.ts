import { contentId, limits } from "@meshwork/foundation";
import { z } from "zod";

/** Content by address and size, so that nobody fetches more than he agreed to. */
export const contentRef = z.strictObject({
  contentId,
  sizeBytes: z.int().min(0).max(limits.inputBytes),
});
export type ContentRef = z.infer<typeof contentRef>;
