using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Proxyless.Distributed;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.HostProbe;

/// <summary>
/// The exchange of processes with graphics cards, with tensors in the processor's memory and functions in the place of
/// NCCL's that sum through the MPI.
/// </summary>
internal static unsafe class CardProbe
{
    private const int Version = 22_105;
    private const nint Cards = 17;

    private static ICommunicator _processes = OneProcess.Instance;
    private static bool _isSameId;
    private static long _summed;

    /// <summary>Compares the means by NCCL's place, by the processor's memory, and by arithmetic.</summary>
    public static object Seen(ICommunicator processes)
    {
        _processes = processes;
        using var cards = new NcclCommunicator(new Lent(processes), new NcclLibrary(Function));
        return new
        {
            cards = WorstDifference(cards),
            summed = _summed,
            processor = WorstDifference(processes),
            isSameId = processes.Gather(_isSameId ? 1UL : 0UL).All(one => one == 1),
            description = cards.Description,
            lacking = processes.SumOnDevice(0, 1),
        };
    }

    /// <summary>The difference of exchanged tensors and their means by arithmetic, relative to the largest.</summary>
    private static double WorstDifference(ICommunicator communicator)
    {
        // A gradient of [2, 3, 4, 4], channels last, as those of convolutions are, and a statistic of five channels.
        static float[] Gradient(int rank) => [.. Enumerable.Range(0, 96).Select(i => (float)i * (rank + 1))];
        static float[] Statistic(int rank) => [.. Enumerable.Range(0, 5).Select(i => i + (10f * rank))];
        using var scope = NewDisposeScope();
        Tensor gradient = tensor(Gradient(communicator.Rank), [2, 3, 4, 4]);
        gradient = gradient.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Tensor statistic = tensor(Statistic(communicator.Rank));
        PackedExchange.Average(
            communicator,
            [(gradient, false), (statistic, true)],
            BatchShare.Of(Images(communicator.Rank))
        );
        return Math.Max(
            WorstOf(gradient, Mean(Gradient, communicator.Size)),
            WorstOf(statistic, Mean(Statistic, communicator.Size))
        );
    }

    private static int Images(int rank) => 3 + rank;

    private static double[] Mean(Func<int, float[]> of, int size)
    {
        double images = Enumerable.Range(0, size).Sum(Images);
        var mean = new double[of(0).Length];
        for (int rank = 0; rank < size; rank++)
        {
            float[] own = of(rank);
            for (int i = 0; i < mean.Length; i++)
            {
                mean[i] += own[i] * Images(rank) / images;
            }
        }

        return mean;
    }

    private static double WorstOf(Tensor seen, double[] expected)
    {
        float[] numbers = seen.contiguous().data<float>().ToArray();
        return numbers.Zip(expected, (number, mean) => Math.Abs(number - mean)).Max() / expected.Max();
    }

    private static nint Function(string name) =>
        name switch
        {
            "ncclGetVersion" => (nint)(delegate* unmanaged<int*, int>)&GetVersion,
            "ncclGetErrorString" => (nint)(delegate* unmanaged<int, byte*>)&ErrorString,
            "ncclGetUniqueId" => (nint)(delegate* unmanaged<NcclLibrary.NcclId*, int>)&UniqueId,
            "ncclCommInitRank" => (nint)(delegate* unmanaged<nint*, int, NcclLibrary.NcclId, int, int>)&InitRank,
            "ncclAllReduce" => (nint)(delegate* unmanaged<void*, void*, nuint, int, int, nint, nint, int>)&AllReduce,
            "ncclCommDestroy" => (nint)(delegate* unmanaged<nint, int>)&Destroy,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
        };

    [UnmanagedCallersOnly]
    private static int GetVersion(int* version)
    {
        *version = Version;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static byte* ErrorString(int code) =>
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference("unhandled cuda error\0"u8));

    [UnmanagedCallersOnly]
    private static int UniqueId(NcclLibrary.NcclId* id)
    {
        Span<byte> bytes = new(id, sizeof(NcclLibrary.NcclId));
        bytes.Fill(0xAB);
        Encoding.ASCII.GetBytes("process 0", bytes);
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int InitRank(nint* cards, int size, NcclLibrary.NcclId id, int rank)
    {
        NcclLibrary.NcclId expected = default;
        ReadOnlySpan<byte> seen = new(&id, sizeof(NcclLibrary.NcclId));
        Span<byte> wanted = new(&expected, sizeof(NcclLibrary.NcclId));
        wanted.Fill(0xAB);
        Encoding.ASCII.GetBytes("process 0", wanted);
        _isSameId = seen.SequenceEqual(wanted) && (size, rank) == (_processes.Size, _processes.Rank);
        *cards = Cards;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int AllReduce(void* from, void* to, nuint count, int type, int operation, nint cards, nint stream)
    {
        if ((type, operation, cards, stream) != (7, 0, Cards, 0) || from != to)
        {
            return 4;
        }

        _summed += (long)count;
        _processes.Sum(new Span<float>(to, checked((int)count)));
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Destroy(nint cards) => cards == Cards ? 0 : 4;

    /// <summary>The processes, which their group disposes of.</summary>
    private sealed class Lent(ICommunicator processes) : DelegatingCommunicator(processes)
    {
        public override void Dispose()
        {
            // The group's own.
        }
    }
}
