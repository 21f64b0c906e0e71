export type { Anchor, AnchorStore } from "./anchor-store.ts";
export { contentIdOf, contentIdOfDigest, digestOfContentId } from "./content-id.ts";
export { type FileTree, fileIdOf, fileTreeOf, type TreeNode } from "./file-tree.ts";
export { type FolderStoreOptions, openFolderStore } from "./folder.ts";
export { openLevelAnchorStore } from "./level.ts";
export type { ObjectStore } from "./object-store.ts";
export { type OpenObjectStore, openAnchorStore, openObjectStore, within } from "./open-store.ts";
export { type AnchorPlace, type ObjectPlace, parseAnchorPlace, parseObjectPlace } from "./place.ts";
export { StorageError } from "./storage-error.ts";
