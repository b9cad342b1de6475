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
internal sealed class DataParallel(ICommunicator communicator) : IDisposable
{
    private readonly ExchangeBuffer _buffer = new();

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
    /// Replaces the gradients of tensors by their means over the whole batch, and running statistics by their means
    /// over the images: one exchange for all, so that its latency counts once.
    /// </summary>
    /// <param name="tensors">
    /// What the step touched; those without a gradient are left out, in every process alike.
    /// </param>
    /// <param name="share">What this process's part of the batch counts.</param>
    public void Average(IEnumerable<NetworkTensor> tensors, BatchShare share)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (IsAlone)
        {
            return;
        }

        var exchanged = new List<(Tensor Numbers, bool IsStatistic)>();
        try
        {
            long count = 0;
            foreach (NetworkTensor tensor in tensors)
            {
                if ((tensor.IsTrained ? tensor.Value.grad : tensor.Value.alias()) is { } numbers)
                {
                    exchanged.Add((numbers, !tensor.IsTrained));
                    count += numbers.numel();
                }
            }

            if (exchanged.Exists(one => one.Numbers.device_type != TorchSharp.DeviceType.CPU))
            {
                PackedExchange.Average(communicator, exchanged, share);
            }
            else
            {
                Exchange(exchanged, count, share);
            }
        }
        finally
        {
            exchanged.ForEach(one => one.Numbers.Dispose());
        }
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

    private void Exchange(List<(Tensor Numbers, bool IsStatistic)> tensors, long count, BatchShare share)
    {
        // What all parts count together are two more sums.
        Span<float> all = _buffer.Of(count + 2);
        Span<float> rest = all;
        foreach ((Tensor numbers, bool isStatistic) in tensors)
        {
            int length = (int)numbers.numel();
            ExchangeBuffer.CopyIn(numbers, rest[..length], isStatistic ? share.Images : (float)share.Weight);
            rest = rest[length..];
        }

        (rest[0], rest[1]) = ((float)share.Weight, share.Images);
        communicator.Sum(all);
        (float ofWeight, float ofImage) = (1 / all[^2], 1 / all[^1]);
        rest = all;
        foreach ((Tensor numbers, bool isStatistic) in tensors)
        {
            int length = (int)numbers.numel();
            ExchangeBuffer.CopyOut(rest[..length], numbers, isStatistic ? ofImage : ofWeight);
            rest = rest[length..];
        }
    }
}
