using System.Runtime.InteropServices;
using Proxyless.Data;
using Proxyless.Distributed;
using Proxyless.Networks;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// The steps that several processes share: each computes the gradients of its part of the batch, and all move the same
/// weights by the mean over the whole batch. After each step all hold the same numbers, to the bit, the running
/// statistics of batch norms among them, so any of them could write the checkpoint; the leader does.
/// </summary>
/// <remarks>
/// Each block of collective operations begins with <see cref="BeginStep"/>, where the leader's word arrives: it can
/// fail or be stopped anywhere else, and the others hear of it there. Batch norms normalize with the statistics of
/// their process's part of the batch.
/// </remarks>
/// <param name="communicator">The processes.</param>
/// <param name="overlaps">
/// Whether gradients are exchanged while others are still computed; null to try both and keep the faster.
/// </param>
/// <param name="numbersPerPart">The least size of a part of an exchange, except for the last.</param>
internal sealed class DataParallel(
    ICommunicator communicator,
    bool? overlaps = null,
    int numbersPerPart = GradientExchange.NumbersPerPart
) : IDisposable
{
    private readonly ExchangeBuffer _buffer = new();
    private readonly OverlapChoice _overlap = new(communicator, overlaps);

    /// <summary>What the leader tells the others.</summary>
    public GroupSignals Signals { get; } = new(communicator);

    /// <summary>A process that works alone.</summary>
    public static DataParallel Alone { get; } = new(OneProcess.Instance);

    /// <summary>Whether this process writes files.</summary>
    public bool IsLeader => communicator.Rank == 0;

    /// <summary>The part of each batch that belongs to this process.</summary>
    public BatchPart Part => new(communicator.Rank, communicator.Size);

    /// <summary>Whether the processes are within a block of collective operations.</summary>
    public bool IsInStep { get; private set; }

    private bool IsAlone => communicator.Size == 1;

    /// <summary>Begins a block of collective operations.</summary>
    /// <exception cref="LeaderStoppedException">In another process: the leader has stopped or failed.</exception>
    public void BeginStep()
    {
        if (IsAlone)
        {
            return;
        }

        if (!Signals.GoesOn(true))
        {
            throw new LeaderStoppedException();
        }

        IsInStep = true;
    }

    /// <summary>Ends a block of collective operations.</summary>
    public void EndStep() => IsInStep = false;

    /// <summary>Replaces numbers by their means over the whole batch.</summary>
    /// <param name="values">The means over this process's part.</param>
    /// <param name="share">What the part counts.</param>
    public void Average(Span<double> values, BatchShare share)
    {
        if (IsAlone)
        {
            return;
        }

        Span<double> sums = stackalloc double[values.Length + 1];
        for (int i = 0; i < values.Length; i++)
        {
            sums[i] = values[i] * share.Weight;
        }

        sums[^1] = share.Weight;
        communicator.Sum(sums);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = sums[i] / sums[^1];
        }
    }

    /// <summary>Returns the mean of a number over the whole batch.</summary>
    /// <inheritdoc cref="Average(Span{double}, BatchShare)"/>
    public double Average(double value, BatchShare share)
    {
        Span<double> one = [value];
        Average(one, share);
        return one[0];
    }

    /// <summary>Adds up what was counted in all processes.</summary>
    public void Sum(TopAccuracy accuracy)
    {
        ArgumentNullException.ThrowIfNull(accuracy);
        if (!IsAlone)
        {
            Span<double> counts = stackalloc double[TopAccuracy.Counts];
            accuracy.CopyTo(counts);
            communicator.Sum(counts);
            accuracy.Take(counts);
        }
    }

    /// <summary>
    /// Computes gradients, and replaces them by their means over the whole batch, and running statistics by their
    /// means over the images.
    /// </summary>
    /// <param name="value">What is differentiated.</param>
    /// <param name="weights">What gets a gradient.</param>
    /// <param name="exchanged">
    /// What is replaced; tensors without a gradient are left out, in every process alike.
    /// </param>
    /// <param name="share">What this process's part of the batch counts.</param>
    public void Backward(
        Tensor value,
        IReadOnlyCollection<NetworkTensor> weights,
        IReadOnlyCollection<NetworkTensor> exchanged,
        BatchShare share
    ) => Exchange(exchanged, share, completed => BackwardPass.Run(value, weights, completed: completed));

    /// <summary>
    /// Replaces the gradients of tensors by their means over the whole batch, and running statistics by their means
    /// over the images.
    /// </summary>
    /// <inheritdoc cref="Backward"/>
    public void Average(IReadOnlyCollection<NetworkTensor> exchanged, BatchShare share) =>
        Exchange(exchanged, share, _ => { });

    /// <summary>
    /// Replaces gradients and running statistics by their means, while they are computed where that is faster.
    /// </summary>
    /// <param name="exchanged">
    /// What is replaced; tensors without a gradient are left out, in every process alike.
    /// </param>
    /// <param name="share">What this process's part of the batch counts.</param>
    /// <param name="compute">
    /// Computes the gradients, and calls its argument, which may be null, with each tensor whose gradient is complete,
    /// in the same order in every process.
    /// </param>
    public void Exchange(
        IReadOnlyCollection<NetworkTensor> exchanged,
        BatchShare share,
        Action<Action<Tensor>?> compute
    )
    {
        ArgumentNullException.ThrowIfNull(exchanged);
        ArgumentNullException.ThrowIfNull(compute);
        if (IsAlone)
        {
            compute(null);
            return;
        }

        if (exchanged.Any(tensor => tensor.Value.device_type != TorchSharp.DeviceType.CPU))
        {
            compute(null);
            AverageOnDevice(exchanged, share);
            return;
        }

        using var exchange = new GradientExchange(
            communicator,
            _buffer,
            exchanged,
            share,
            numbersPerPart,
            _overlap.IsOn
        );
        compute(exchange.Complete);
        exchange.Finish(exchanged);
        _overlap.Count();
    }

    /// <summary>Replaces tensors by those of the leader, as a step of its own.</summary>
    public void TakeFromLeader(IEnumerable<NetworkTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (IsAlone)
        {
            return;
        }

        BeginStep();
        foreach (NetworkTensor tensor in tensors)
        {
            using Tensor numbers = tensor.Value.alias();
            Span<float> place = _buffer.Of(numbers.numel());
            if (IsLeader)
            {
                ExchangeBuffer.CopyIn(numbers, place, 1);
            }

            communicator.Broadcast(MemoryMarshal.AsBytes(place));
            ExchangeBuffer.CopyOut(place, numbers, 1);
        }

        EndStep();
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private void AverageOnDevice(IEnumerable<NetworkTensor> tensors, BatchShare share)
    {
        var exchanged = new List<(Tensor Numbers, bool IsStatistic)>();
        try
        {
            foreach (NetworkTensor tensor in tensors)
            {
                if (tensor.GradientOrStatistic() is { } numbers)
                {
                    exchanged.Add((numbers, !tensor.IsTrained));
                }
            }

            PackedExchange.Average(communicator, exchanged, share);
        }
        finally
        {
            exchanged.ForEach(one => one.Numbers.Dispose());
        }
    }
}
