using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Proxyless.Agent;

/// <summary>
/// Rejects clients without the token. Digests are compared, in constant time: neither a prefix nor the length is
/// revealed.
/// </summary>
/// <param name="token">The token.</param>
internal sealed class TokenInterceptor(string token) : Interceptor
{
    private const string Scheme = "Bearer ";
    private readonly byte[] _digest = DigestOf(token);

    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    )
    {
        Require(context);
        return continuation(request, context);
    }

    /// <inheritdoc/>
    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        Require(context);
        return continuation(requestStream, context);
    }

    private void Require(ServerCallContext context)
    {
        string shown = context.RequestHeaders.GetValue("authorization") ?? "";
        string token = shown.StartsWith(Scheme, StringComparison.Ordinal) ? shown[Scheme.Length..] : "";
        if (!CryptographicOperations.FixedTimeEquals(DigestOf(token), _digest))
        {
            throw new RpcException(
                new Status(
                    StatusCode.Unauthenticated,
                    "the token is not this agent's; take 'token' from its target.yaml"
                )
            );
        }
    }

    private static byte[] DigestOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
