using System.Globalization;
using System.Runtime.InteropServices;

namespace Proxyless.Distributed;

/// <summary>
/// A graphics card for each process of a machine: it sees no other, so <c>cuda</c> is a different card in each, for
/// libtorch, ONNX Runtime and NCCL alike.
/// </summary>
internal static partial class OwnCard
{
    private const string Cards = "CUDA_VISIBLE_DEVICES";

    // The number of a process among those of its machine: Open MPI; MPICH, Intel MPI and MVAPICH; Slurm.
    private static readonly string[] Numbers = ["OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"];

    /// <summary>Whether this process sees one card at most, whatever its number on the machine.</summary>
    public static bool IsChosen { get; private set; }

    /// <summary>Hides the other cards. It has to come before anything looks for a card.</summary>
    /// <param name="variable">Returns the value of an environment variable, or null.</param>
    public static void Choose(Func<string, string?> variable)
    {
        if (Of(variable) is { } card)
        {
            // The runtime's own copy of the environment is not what native libraries read.
            _ = SetNative(Cards, card, overwrite: 1);
            Environment.SetEnvironmentVariable(Cards, card);
            IsChosen = true;
        }
    }

    /// <summary>Returns the card of this process, as CUDA names it.</summary>
    /// <param name="variable">Returns the value of an environment variable, or null.</param>
    /// <returns>
    /// Null if there is nothing to choose: the launcher does not number the processes of a machine, or has given this
    /// one fewer cards than its number already.
    /// </returns>
    public static string? Of(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? text = Numbers.Select(variable).FirstOrDefault(number => number is not null);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return null;
        }

        return variable(Cards) is { } given
            ? given.Split(',', StringSplitOptions.TrimEntries).ElementAtOrDefault(number)
            : number.ToString(CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNative(string name, string value, int overwrite);
}
