/** The error numbers of WASI preview 1 that we give. */
export const ERRNO = {
  success: 0,
  access: 2,
  badFile: 8,
  exists: 20,
  fileTooLarge: 22,
  invalid: 28,
  isDirectory: 31,
  tooManyFiles: 33,
  nameTooLong: 37,
  noEntry: 44,
  notDirectory: 54,
  notEmpty: 55,
  notSupported: 58,
  illegalSeek: 70,
  notCapable: 76,
} as const;

export type Errno = (typeof ERRNO)[keyof typeof ERRNO];

/** Thrown inside a call, and given to the program as the call's number. It is no fault. */
export class WasiError extends Error {
  readonly errno: Errno;

  constructor(errno: Errno) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}
