import { CodedError } from "@meshwork/foundation";
import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { z } from "zod";
import { type DoorCode, DoorError, trpcCodeOf } from "./door-error.ts";

/** The one shape of every error that leaves the door, by tRPC or by plain HTTP. */
export interface ErrorShape {
  message: string;
  /** JSON-RPC 2.0, as tRPC has it. */
  code: number;
  data: {
    code: TRPCError["code"];
    httpStatus: number;
    /** Ours: stable, for programs. */
    meshworkCode: string;
    requestId: string;
    path?: string;
  };
}

/** Our own refusals keep their code; bad input gets one; what is left is our own trouble. */
export function asTrpcError(thrown: unknown): TRPCError {
  const cause = thrown instanceof TRPCError && thrown.cause ? thrown.cause : thrown;
  if (cause instanceof DoorError)
    return new TRPCError({ code: trpcCodeOf(cause.code), message: cause.message, cause });
  if (thrown instanceof TRPCError) return thrown;
  return new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: thrown });
}

/** A refusal by the part behind the door: its text is meant for the requester. */
export const asRefusal = (cause: CodedError): TRPCError =>
  new TRPCError({ code: "UNPROCESSABLE_CONTENT", message: cause.message, cause });

export function errorShape(
  error: TRPCError,
  where: { requestId: string; path?: string | undefined },
): ErrorShape {
  const { meshworkCode, message } = tell(error, where.requestId);
  return {
    message,
    code: TRPC_ERROR_CODES_BY_KEY[error.code],
    data: {
      code: error.code,
      httpStatus: getHTTPStatusCodeFromError(error),
      meshworkCode,
      requestId: where.requestId,
      ...(where.path === undefined ? {} : { path: where.path }),
    },
  };
}

function tell(error: TRPCError, requestId: string): { meshworkCode: string; message: string } {
  if (error.code === "INTERNAL_SERVER_ERROR")
    return {
      meshworkCode: "INTERNAL" satisfies DoorCode,
      message: `something went wrong on our side; the operator finds it in the log under request ${requestId}`,
    };
  if (error.cause instanceof CodedError)
    return { meshworkCode: error.cause.code, message: error.message };
  const message = error.cause instanceof z.ZodError ? z.prettifyError(error.cause) : error.message;
  return { meshworkCode: codeOfTrpc(error.code), message: message.slice(0, 600) };
}

/** Errors that tRPC raises by itself, before any of our code runs. */
function codeOfTrpc(code: TRPCError["code"]): DoorCode {
  switch (code) {
    case "NOT_FOUND":
      return "ROUTE_UNKNOWN";
    case "METHOD_NOT_SUPPORTED":
      return "METHOD_WRONG";
    case "UNSUPPORTED_MEDIA_TYPE":
      return "CONTENT_TYPE_WRONG";
    case "PAYLOAD_TOO_LARGE":
      return "BODY_TOO_LARGE";
    default:
      return "INPUT_INVALID";
  }
}
