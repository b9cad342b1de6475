using System.Runtime.InteropServices;
using Proxyless.Distributed;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// The means over processes of tensors on a graphics card: they are packed into one tensor there, summed, and
/// unpacked, without a copy in the processor's memory if the processes can sum on their cards.
/// </summary>
internal static partial class PackedExchange
{
    /// <summary>
    /// Replaces gradients by their means over the whole batch, and statistics by those over the images.
    /// </summary>
    /// <param name="communicator">The processes.</param>
    /// <param name="tensors">Tensors of one device; as many of the same shapes in all processes.</param>
    /// <param name="share">What this process's part of the batch counts.</param>
    public static void Average(
        ICommunicator communicator,
        IReadOnlyList<(Tensor Numbers, bool IsStatistic)> tensors,
        BatchShare share
    )
    {
        ArgumentNullException.ThrowIfNull(communicator);
        ArgumentNullException.ThrowIfNull(tensors);
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        Device device = tensors[0].Numbers.device;
        Tensor counts = tensor([(float)share.Weight, share.Images], device: device);
        (Tensor weight, Tensor images) = (counts[0], counts[1]);
        Tensor all = cat([
            .. tensors.Select(one => one.Numbers.reshape(-1) * (one.IsStatistic ? images : weight)),
            counts,
        ]);
        Sum(communicator, all);
        (Tensor ofWeight, Tensor ofImage) = (all[-2].reciprocal(), all[-1].reciprocal());
        long start = 0;
        foreach ((Tensor numbers, bool isStatistic) in tensors)
        {
            long end = start + numbers.numel();
            Tensor mean = all.slice(0, start, end, 1) * (isStatistic ? ofImage : ofWeight);
            numbers.copy_(mean.view(numbers.shape));
            start = end;
        }
    }

    private static void Sum(ICommunicator communicator, Tensor numbers)
    {
        if (communicator.SumOnDevice(Address(numbers.Handle), numbers.numel()))
        {
            return;
        }

        using Tensor local = numbers.cpu();
        communicator.Sum(MemoryMarshal.Cast<byte, float>(local.bytes));
        numbers.copy_(local);
    }

    // TorchSharp returns addresses of the processor's memory alone.
    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint Address(nint tensor);
}
