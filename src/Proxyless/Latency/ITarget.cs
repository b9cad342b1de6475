using Proxyless.Architectures;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>Where a model will run, and what can be known of its latency there. <see cref="TargetFile.Open"/> finds one by name or file.</summary>
public interface ITarget
{
    /// <summary>The text that stands for it on a command line.</summary>
    string Name { get; }

    /// <summary>All that a latency depends on beside the network: tables of one identity are interchangeable.</summary>
    string Id { get; }

    /// <summary>Images of one run; every latency is of a whole batch.</summary>
    int Batch { get; }

    /// <summary>Whether a table is measured, and so worth keeping, instead of read.</summary>
    bool MakesTables { get; }

    /// <summary>Makes, or reads, the latency table of a space.</summary>
    /// <param name="space">The space, at the resolution it will be used at.</param>
    /// <param name="classes">Outputs of the classifier.</param>
    /// <param name="mode">How carefully.</param>
    /// <param name="partial">A file that keeps what is measured so far, or null; a target that measures slowly goes on from it.</param>
    /// <param name="observer">Hears of the progress.</param>
    /// <param name="cancellation">Stops between two measurements.</param>
    /// <exception cref="InvalidInputException">The target cannot be reached, or does not know a part of the space.</exception>
    LatencyTable MakeTable(
        SearchSpace space, int classes, ProfileMode mode, string? partial, IRunObserver observer, CancellationToken cancellation);

    /// <summary>The latency of a network, to be held against a limit: beside the table's reference network where it is measured.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="onnx">The bytes of its ONNX file.</param>
    /// <param name="space">The space of the table.</param>
    /// <param name="classes">Outputs of the reference's classifier.</param>
    /// <param name="table">The table of the space on this target.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    /// <exception cref="InvalidInputException">The target cannot be reached, or knows the network no better than by a table that lacks a part of it.</exception>
    NetworkLatency Measure(
        Architecture architecture, byte[] onnx, SearchSpace space, int classes, LatencyTable table, CancellationToken cancellation);

    /// <summary>Times a model by itself; null where the target cannot run models.</summary>
    /// <param name="onnx">The bytes of its ONNX file.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    Timing? Time(byte[] onnx, CancellationToken cancellation);
}
