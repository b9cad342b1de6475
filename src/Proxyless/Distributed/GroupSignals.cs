using System.Runtime.InteropServices;
using System.Text;

namespace Proxyless.Distributed;

/// <summary>
/// What the leader tells the other processes: that shared work begins, that a step of it comes or that it is over, and
/// that there is no more. The others wait for it without keeping a processor busy.
/// </summary>
/// <param name="communicator">The processes.</param>
internal sealed class GroupSignals(ICommunicator communicator)
{
    private const int NoMoreWork = -1;
    private const int PartOfFile = 1 << 24;

    /// <summary>Begins shared work.</summary>
    /// <param name="work">Describes it to the other processes.</param>
    public void Begin(string work)
    {
        communicator.Meet();
        byte[] text = Encoding.UTF8.GetBytes(work);
        Length(text.Length);
        communicator.Broadcast(text);
    }

    /// <summary>Lets the other processes end.</summary>
    public void EndAll()
    {
        communicator.Meet();
        Length(NoMoreWork);
    }

    /// <summary>Waits for shared work.</summary>
    /// <returns>Its description; null if there is no more.</returns>
    public string? Await()
    {
        communicator.Meet();
        int length = Length();
        return length == NoMoreWork ? null : Encoding.UTF8.GetString(Receive(length));
    }

    /// <summary>Sends a file that the other processes <see cref="ReceiveFile"/>.</summary>
    /// <param name="file">The file; null for none.</param>
    public void SendFile(Stream? file)
    {
        if (file is not null)
        {
            var part = new byte[PartOfFile];
            for (int length; (length = file.Read(part)) > 0; )
            {
                Length(length);
                communicator.Broadcast(part.AsSpan(0, length));
            }
        }

        Length(0);
    }

    /// <summary>Receives the file of <see cref="SendFile"/>.</summary>
    /// <param name="path">Where it goes; nothing is written if the leader sends none.</param>
    public void ReceiveFile(string path)
    {
        FileStream? file = null;
        try
        {
            for (int length; (length = Length()) > 0; )
            {
                file ??= File.Create(path);
                file.Write(Receive(length));
            }
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Tells or hears whether another step comes, in every process at the same place.</summary>
    /// <param name="goesOn">What the leader says; the others' word is ignored.</param>
    /// <returns>What the leader says.</returns>
    public bool GoesOn(bool goesOn)
    {
        Span<byte> signal = [goesOn ? (byte)1 : (byte)0];
        communicator.Broadcast(signal);
        return signal[0] == 1;
    }

    /// <summary>Tells or hears a length.</summary>
    /// <param name="length">What the leader says; the others' is ignored.</param>
    /// <returns>What the leader says.</returns>
    private int Length(int length = 0)
    {
        Span<int> one = [length];
        communicator.Broadcast(MemoryMarshal.AsBytes(one));
        return one[0];
    }

    private byte[] Receive(int length)
    {
        var bytes = new byte[length];
        communicator.Broadcast(bytes);
        return bytes;
    }
}
