using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>Times two models alternately on a machine that takes one whole measurement at a time.</summary>
internal static class InTurn
{
    private const int Turns = 3;

    /// <summary>Measures three turns of the reference, then the network.</summary>
    /// <param name="time">Times a model, given as the bytes of its ONNX file.</param>
    /// <param name="onnx">The network.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    public static IReadOnlyList<(Timing Reference, Timing Network)> Time(
        Func<byte[], CancellationToken, Timing> time,
        byte[] onnx,
        byte[] reference,
        CancellationToken cancellationToken
    ) =>
        [
            .. Enumerable
                .Range(0, Turns)
                .Select(_ => (time(reference, cancellationToken), time(onnx, cancellationToken))),
        ];
}
